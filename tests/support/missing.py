"""A service that this machine lacks: the test is skipped with the command that installs it, or fails in CI."""

import os
from typing import NoReturn

import pytest


class Missing(Exception):
    """The programs of a service are not installed; the message says how to install them."""


def skip_or_fail(error: Missing) -> NoReturn:
    """Skip the test, unless ``IDP_REQUIRE_SERVICES=1`` says that every service has to be there."""
    if os.environ.get("IDP_REQUIRE_SERVICES") == "1":
        pytest.fail(str(error))
    pytest.skip(str(error))
