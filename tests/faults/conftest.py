"""What fault tests share: a PostgreSQL and a Valkey of their own, with the schema, to be stopped, hung and flushed."""

from collections.abc import Iterator

import pytest

from idp.storage.engine import open_engine
from tests.support.databases import create_schema, empty_postgresql
from tests.support.missing import Missing, skip_or_fail
from tests.support.postgresql import PostgresqlServer


@pytest.fixture(scope="module")
def _postgresql_of_module() -> Iterator[PostgresqlServer]:
    try:
        server = PostgresqlServer()
    except Missing as error:
        skip_or_fail(error)
    try:
        server.open()
        engine = open_engine(server.url())
        create_schema(engine)
        engine.dispose()
        yield server
    finally:
        server.close()


@pytest.fixture
def own_postgresql(_postgresql_of_module: PostgresqlServer) -> PostgresqlServer:
    """Give a running PostgreSQL of this module's own with the schema in its database `postgres`, and no rows."""
    empty_postgresql(_postgresql_of_module.url())
    return _postgresql_of_module
