"""Tests that share something costly run in one process: xdist has to see their groups."""

from __future__ import annotations

import os

import pytest

ONE, TWO = (pytest.param(name, marks=pytest.mark.xdist_group(f"house-{name}")) for name in ("one", "two"))


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="groups are for tests in several processes")
@pytest.mark.parametrize("name", [ONE, TWO])
def test_a_group_reaches_the_scheduler(request: pytest.FixtureRequest, name: str) -> None:
    """Xdist puts a test's group behind its id, and sends all of one group to one process."""
    assert request.node.nodeid.endswith(f"@house-{name}")
