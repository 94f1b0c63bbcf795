"""A front whose endpoints and pages show what they were given."""

import pytest

from idp.wire.front import Front
from tests.unit.wire.asking import Seen, make_front


@pytest.fixture
def seen() -> Seen:
    """Give what the endpoints and pages behind the front saw."""
    return Seen()


@pytest.fixture
def front(seen: Seen) -> Front:
    """Give a front for https://login.example.com that trusts the proxies in 10.0.0.0/8."""
    return make_front(seen)
