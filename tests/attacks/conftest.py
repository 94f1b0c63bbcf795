"""One issuer for each file of attacks, on SQLite: whatever is tried against it leaves it standing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from idp.app import Service
from tests.support.attacked import Target, populated
from tests.support.databases import copy_sqlite
from tests.support.in_process import issuer_on


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give an issuer that the tests of one file share: each adds the people and apps that it needs."""
    folder = tmp_path_factory.mktemp("attacked")
    with issuer_on(copy_sqlite(folder / "idp.sqlite"), folder) as running:
        yield running


@pytest.fixture(scope="module")
def target(service: Service) -> Target:
    """Give the issuer on SQLite, with everything that a request can be about."""
    return populated(service)
