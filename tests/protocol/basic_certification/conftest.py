"""The modules of `oidcc-basic-certification-test-plan`; those of `oidcc-formpost-basic-…` are the same.

A test is named as its module; each runs with the default response mode and with form_post.
"""

from __future__ import annotations

import pytest

from tests.protocol.candidate import Candidate, candidate
from tests.protocol.world import World


@pytest.fixture(params=[None, "form_post"], ids=["query", "form_post"])
def mode(request: pytest.FixtureRequest) -> str | None:
    """Give the response_mode of the plan; the default is not sent."""
    value: str | None = request.param
    return value


@pytest.fixture
def app(world: World, mode: str | None) -> Candidate:
    """Give a client of the suite."""
    return candidate(world, mode)
