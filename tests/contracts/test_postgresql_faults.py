"""PostgreSQL stopped, killed, hung, read-only, restarted: every wait is bounded and service comes back by itself."""

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import text

from idp.storage.breaker import REST_SECONDS
from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import database_url, open_engine
from idp.storage.revisions import RevisionRow, bump, read_revisions
from idp.storage.watch import StaleView, Watch
from tests.support.postgresql import PostgresqlServer
from tests.support.racing import at_once


@pytest.fixture
def served(private_postgresql: PostgresqlServer) -> Iterator[Database]:
    """Give a database on a server of the test's own, with the one table that these tests need."""
    database = Database(open_engine(private_postgresql.url(), pool_size=4))
    with database.engine.begin() as connection:
        RevisionRow.__table__.create(connection)  # type: ignore[attr-defined]
    yield database
    database.engine.dispose()


def write(database: Database) -> None:
    """Write something."""
    with database.writing() as connection:
        bump(connection, "keys")


def read(database: Database) -> dict[str, int]:
    """Read it."""
    with database.reading() as connection:
        return read_revisions(connection)


def fill_pool(database: Database) -> None:
    """Open every connection of the pool and give it back."""
    held = [database.engine.connect() for _ in range(4)]
    for connection in held:
        connection.execute(text("SELECT 1"))
        connection.close()


def seconds(act: Callable[[], object]) -> float:
    """Return how long it took to say that the storage is unavailable."""
    started = time.monotonic()
    with pytest.raises(StorageUnavailable):
        act()
    return time.monotonic() - started


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_fails_nothing_afterwards(private_postgresql: PostgresqlServer, served: Database, how: str) -> None:
    """F03: after a restart no request meets one of the old, dead connections."""
    fill_pool(served)
    getattr(private_postgresql, how)()
    assert 1.0 > seconds(lambda: read(served))
    assert 1.0 > seconds(lambda: write(served))
    private_postgresql.start()
    for _ in range(8):
        write(served)
    assert {"keys": 8} == read(served)


def test_a_restart_nobody_noticed_fails_nothing(private_postgresql: PostgresqlServer, served: Database) -> None:
    """Four threads at once, each with a connection that died unnoticed: none fails."""
    fill_pool(served)
    private_postgresql.kill()
    private_postgresql.start()
    at_once(4, lambda: write(served))
    assert {"keys": 4} == read(served)


def test_a_hung_server_is_an_outage_within_seconds(private_postgresql: PostgresqlServer, served: Database) -> None:
    """F04: a server that accepts and never answers holds a thread for some three seconds, new connection or old."""
    fill_pool(served)
    with private_postgresql.paused():
        assert 4.0 > seconds(lambda: read(served))
        assert 4.0 > seconds(lambda: write(served))
    time.sleep(REST_SECONDS)
    write(served)
    assert {"keys": 1} == read(served)


def test_a_hung_server_holds_one_thread(private_postgresql: PostgresqlServer, served: Database) -> None:
    """F04: once the silence has been noticed callers fail at once, and service comes back a second after the server."""
    fill_pool(served)
    with private_postgresql.paused():
        seconds(lambda: read(served))
        assert 0.5 > sum(seconds(lambda: read(served)) for _ in range(20))
        time.sleep(REST_SECONDS)
        waits = sorted(at_once(8, lambda: seconds(lambda: read(served))))
        assert 1.0 > waits[-2] < waits[-1]
    time.sleep(REST_SECONDS)
    assert {} == read(served)
    write(served)


def test_a_primary_that_waits_for_its_standby_answers_reads(
    private_postgresql: PostgresqlServer, served: Database
) -> None:
    """Writes hang when a synchronous standby is gone; reads go on, without a pause."""
    with psycopg.connect(private_postgresql.url(), autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
        admin.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)
        assert 4.0 > seconds(lambda: write(served))
        read(served)
        admin.execute("SET synchronous_commit = local")
        admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        admin.execute("SELECT pg_reload_conf()")
    _until_writable(served)


def test_a_long_statement_is_ended_by_the_server(served: Database) -> None:
    """A statement may take two seconds; the connection serves on afterwards."""

    def sleep() -> None:
        with served.writing() as connection:
            connection.execute(text("SELECT pg_sleep(10)"))

    assert 2.9 > seconds(sleep)
    write(served)


def test_a_transaction_that_idles_is_ended_by_the_server(served: Database) -> None:
    """A thread that hangs inside a transaction holds its locks for some seconds, not for ever."""
    with served.reading() as connection:
        assert "5s" == connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()


def test_a_read_only_server_refuses_writes_and_answers_reads(
    private_postgresql: PostgresqlServer, served: Database
) -> None:
    """F05: on a standby, writes are an outage, never a silent success; afterwards all works again."""
    write(served)
    with psycopg.connect(private_postgresql.url(), autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
        _until_read_only(served)
        seconds(lambda: write(served))
        assert {"keys": 1} == read(served)
        admin.execute("SET default_transaction_read_only = off")
        admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
        admin.execute("SELECT pg_reload_conf()")
    _until_writable(served)
    assert 1 < read(served)["keys"]


def _until_read_only(database: Database) -> None:
    for _ in range(100):
        with database.reading() as connection:
            if "on" == connection.execute(text("SHOW default_transaction_read_only")).scalar_one():
                return
        time.sleep(0.05)


def _until_writable(database: Database) -> None:
    for _ in range(100):
        try:
            return write(database)
        except StorageUnavailable:
            time.sleep(0.05)
    pytest.fail("the database stayed read-only")


def test_several_hosts_are_tried_in_order(private_postgresql: PostgresqlServer, served: Database) -> None:
    """An address with several hosts lands on the one that takes writes, in libpq's own spelling."""
    address = private_postgresql.url()
    several = address.replace("@127.0.0.1:", "@127.0.0.1:1,127.0.0.1:") + "?target_session_attrs=read-write"
    database = Database(open_engine(several))
    write(database)
    assert {"keys": 1} == read(served)
    database.engine.dispose()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_the_scheme_means_psycopg(scheme: str) -> None:
    """Addresses as hosting services hand them out are understood, special characters in the password included."""
    url = database_url(f"{scheme}://idp:p%40ss@db.example.com:6432/idp?sslmode=require")
    assert ("postgresql+psycopg", "p@ss", "idp") == (url.drivername, url.password, url.database)
    assert {"host": "db.example.com", "port": "6432", "sslmode": "require"} == dict(url.query)


def test_own_server_settings_win(private_postgresql: PostgresqlServer) -> None:
    """An operator's options in the address come after ours, and everything else of ours stays."""
    database = Database(open_engine(private_postgresql.url() + "?options=-c%20statement_timeout%3D1500"))
    with database.reading() as connection:
        assert "1500ms" == connection.execute(text("SHOW statement_timeout")).scalar_one()
        assert "5s" == connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    database.engine.dispose()


def test_the_watch_outlives_an_outage(private_postgresql: PostgresqlServer, served: Database) -> None:
    """While the server is away the view grows stale; some time after it is back the view is fresh."""
    with served.engine.begin() as connection:
        RevisionRow.metadata.tables["marks"].create(connection)
    watch = Watch(served, time.time, period=0.05)
    watch.start()
    try:
        private_postgresql.kill()
        time.sleep(2.5)
        with pytest.raises(StaleView):
            watch.require_fresh(time.time())
        private_postgresql.start()
        time.sleep(1)
        watch.require_fresh(time.time())
    finally:
        watch.stop()
