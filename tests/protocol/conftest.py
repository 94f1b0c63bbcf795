"""The issuer that protocol tests share, and the one on PostgreSQL for those that the database matters to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.protocol.world import World, world_on
from tests.support.databases import copy_sqlite


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give the shared issuer, on SQLite."""
    folder = tmp_path_factory.mktemp("world")
    with world_on(copy_sqlite(folder / "idp.sqlite"), folder) as made:
        yield made


@pytest.fixture(scope="session")
def postgresql_world(
    tmp_path_factory: pytest.TempPathFactory, new_postgresql_url: Callable[[], str]
) -> Iterator[World]:
    """Give another issuer, on PostgreSQL; it has no RSA keys, which take long to make."""
    folder = tmp_path_factory.mktemp("postgresql_world")
    with world_on(new_postgresql_url(), folder, signing_algs=("ES256",)) as made:
        yield made
