"""What every test may ask for: a clock, randomness, and real databases and stores, empty at its start.

Services start when a test first asks for one. Where their programs are missing the test is skipped with the command
that installs them; with ``IDP_REQUIRE_SERVICES=1`` it fails.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar, cast

import pytest
import redis

from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.handles import Entropy
from tests.support.clock import SettableClock
from tests.support.databases import copy_postgresql, copy_sqlite, empty_postgresql, worker_number
from tests.support.missing import Missing, skip_or_fail
from tests.support.postgresql import PostgresqlServer
from tests.support.private_server import PrivateServer
from tests.support.services import begin_session, end_session, service_url
from tests.support.valkey import ValkeyServer

_Server = TypeVar("_Server", bound=PrivateServer)

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ


def pytest_configure(config: pytest.Config) -> None:
    """Make what the workers share; done once per session, by the process that starts the workers."""
    if not IS_WORKER:
        keep_compiled()
        begin_session()


def keep_compiled() -> None:
    """Let every process that is started from here on keep what it compiles, where this machine would keep nothing.

    Else each start of a service compiles all modules anew, for five seconds.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parents[1] / ".pytest_cache" / "compiled")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services when the last worker has ended."""
    if not IS_WORKER:
        end_session()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a module's fixtures in one process, so that none builds them a second time."""
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("xdist_group") is None:
            shared = shared_by(item)
            if shared:
                item.add_marker(pytest.mark.xdist_group(shared))


def shared_by(item: pytest.Function) -> str:
    """Name what a test shares with others of its file: the file, and the variant of what is shared; "" for nothing."""
    definitions = item._fixtureinfo.name2fixturedefs  # noqa: SLF001 - pytest tells nobody else
    names = sorted(name for name, found in definitions.items() if found[-1].scope == "module")
    if not names:
        return ""
    indices = item.callspec.indices if hasattr(item, "callspec") else {}
    variant = "-".join(str(indices[name]) for name in names if name in indices)
    return f"{item.path.stem}-{variant}"


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock that stands still until the test advances it."""
    return SettableClock()


@pytest.fixture
def entropy() -> Entropy:
    """Give real randomness."""
    return secrets.token_bytes


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the address of an empty SQLite database with the schema."""
    return copy_sqlite(tmp_path / "idp.sqlite")


@pytest.fixture(scope="session")
def new_postgresql_url() -> Callable[[], str]:
    """Give a function that makes another PostgreSQL database with the schema, for tests that share one for longer."""
    numbers = count()

    def make() -> str:
        try:
            return copy_postgresql(f"idp_{worker_number()}_{next(numbers)}")
        except Missing as error:
            skip_or_fail(error)

    return make


@pytest.fixture(scope="session")
def _worker_postgresql_url(new_postgresql_url: Callable[[], str]) -> str:
    return new_postgresql_url()


@pytest.fixture
def postgresql_url(_worker_postgresql_url: str) -> str:
    """Give the address of this worker's PostgreSQL database: the schema, no rows, no other connections."""
    empty_postgresql(_worker_postgresql_url)
    return _worker_postgresql_url


@pytest.fixture
def valkey_url() -> str:
    """Give the address of this worker's part of the session's Valkey, empty."""
    try:
        url = f"{service_url('valkey').removesuffix('/0')}/{worker_number()}"
    except Missing as error:
        skip_or_fail(error)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database with the schema: the test runs on SQLite and on PostgreSQL."""
    return cast("str", request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give an open, empty database: the test runs on SQLite and on PostgreSQL."""
    opened = Database(open_engine(database_url))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def private_postgresql() -> Iterator[PostgresqlServer]:
    """Give a PostgreSQL server of the test's own, to be stopped, killed and paused."""
    with _private(PostgresqlServer) as server:
        yield server


@pytest.fixture
def private_valkey() -> Iterator[ValkeyServer]:
    """Give a Valkey server of the test's own, to be stopped, killed and paused."""
    with _private(ValkeyServer) as server:
        yield server


@contextmanager
def _private(make: Callable[[], _Server]) -> Iterator[_Server]:
    try:
        server = make()
    except Missing as error:
        skip_or_fail(error)
    try:
        yield server.open()
    finally:
        server.close()
