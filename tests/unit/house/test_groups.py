"""Tests that share something costly run in one process: xdist has to see their groups."""

from __future__ import annotations

import pytest

ONE, TWO = (pytest.param(name, marks=pytest.mark.xdist_group(f"house-{name}")) for name in ("one", "two"))


@pytest.mark.parametrize("name", [ONE, TWO])
def test_a_group_reaches_the_scheduler(request: pytest.FixtureRequest, name: str) -> None:
    """Xdist puts a test's group behind its id, and sends all of one group to one process."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("groups are for `--dist loadgroup`, which `make test` asks for")
    assert request.node.nodeid.endswith(f"@house-{name}")
