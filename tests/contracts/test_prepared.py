"""Prepared statements: the short way to PostgreSQL gives and keeps exactly what SQLAlchemy's own way does."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError

from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import open_engine
from idp.storage.prepared import Prepared
from idp.storage.text_format import UnknownType, spelling
from tests.support.postgresql import PostgresqlServer
from tests.support.statements import statements_of

METADATA = MetaData()
DOCUMENT = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
THINGS = Table(
    "things",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("at", Double),
    Column("count", Integer),
    Column("good", Boolean),
    Column("digest", LargeBinary),
    Column("document", DOCUMENT),
)
COLUMNS = [column.name for column in THINGS.c]
ADD = Prepared(
    lambda: (
        insert(THINGS)
        .values({column.name: bindparam(f"new_{column.name}", type_=column.type) for column in THINGS.c})
        .returning(THINGS.c.name)
    )
)
FIND = Prepared(lambda: select(THINGS).where(THINGS.c.name == bindparam("wanted")))
MOVE = Prepared(
    lambda: (
        update(THINGS)
        .where(THINGS.c.name == bindparam("wanted"), THINGS.c.count == 1)
        .values(at=bindparam("moved_at", type_=Double))
        .returning(THINGS.c.at)
    )
)
FULL: dict[str, Any] = {
    "name": "Größe 'x' \"y\" \\ % $1 😀",
    "at": 1763804123.123456,
    "count": -(2**31),
    "good": True,
    "digest": bytes(range(256)),
    "document": {"a": [1, 2.5, None, "ü"], "b": {"c": False}},
}
EMPTY: dict[str, Any] = dict.fromkeys(COLUMNS) | {"name": ""}
ODD: dict[str, Any] = {
    "name": "odd",
    "at": 0.1 + 0.2,
    "count": 1,
    "good": False,
    "digest": b"",
    "document": {"big": 2**60, "": []},
}


@pytest.fixture
def things(database: Database) -> Iterator[Database]:
    """Give a database with one more table."""
    METADATA.create_all(database.engine)
    yield database
    METADATA.drop_all(database.engine)


@pytest.fixture
def postgresql_things(postgresql_url: str) -> Iterator[Database]:
    """Give a PostgreSQL database with one more table."""
    database = Database(open_engine(postgresql_url))
    METADATA.create_all(database.engine)
    yield database
    METADATA.drop_all(database.engine)
    database.engine.dispose()


def add(database: Database, row: dict[str, Any]) -> None:
    """Add a row by the prepared statement."""
    with database.writing() as connection:
        added = ADD.row(connection, {f"new_{name}": value for name, value in row.items()})
        assert added is not None
        assert row["name"] == added.name


@pytest.mark.parametrize("row", [FULL, EMPTY, ODD], ids=["full", "empty", "odd"])
def test_what_is_written_is_what_sqlalchemy_reads_and_vice_versa(things: Database, row: dict[str, Any]) -> None:
    """Both ways spell every type alike."""
    add(things, row)
    with things.reading() as connection:
        assert row == connection.execute(select(THINGS)).one()._asdict()
    with things.writing() as connection:
        connection.execute(THINGS.delete())
        connection.execute(insert(THINGS).values(row))
    with things.reading() as connection:
        found = FIND.row(connection, {"wanted": row["name"], "passed over": 1})
        assert found is not None
        assert row == found._asdict()


def test_no_row_is_none(things: Database) -> None:
    """A statement that finds nothing gives nothing."""
    with things.writing() as connection:
        assert FIND.row(connection, {"wanted": "nobody"}) is None
        assert MOVE.row(connection, {"wanted": "nobody", "moved_at": 1.0}) is None


def test_it_belongs_to_the_transaction(things: Database) -> None:
    """What a prepared statement wrote is gone when its block raises, and is kept together with what others wrote."""
    with pytest.raises(LookupError), things.writing() as connection:  # noqa: PT012 - what was written must be undone
        ADD.row(connection, {f"new_{name}": value for name, value in ODD.items()})
        raise LookupError
    with things.reading() as connection:
        assert FIND.row(connection, {"wanted": "odd"}) is None
    add(things, ODD)
    with things.writing() as connection:
        connection.execute(update(THINGS).values(count=1))
        moved = MOVE.row(connection, {"wanted": "odd", "moved_at": 7.5})
        assert moved is not None
        assert 7.5 == moved.at
    with things.reading() as connection:
        assert 7.5 == connection.execute(select(THINGS.c.at)).scalar_one()


def test_every_connection_prepares_for_itself(things: Database) -> None:
    """One after the other and nested, so that several connections of the pool are used."""
    add(things, ODD)
    for _ in range(3):
        with things.reading() as first, things.reading() as second:
            for connection in (first, second, first):
                found = FIND.row(connection, {"wanted": "odd"})
                assert found is not None
                assert 1 == found.count


def test_it_is_counted_and_guarded_like_any_other(postgresql_things: Database) -> None:
    """Counting listeners see the statement, and a reading connection refuses to write."""
    add(postgresql_things, ODD)
    with statements_of(postgresql_things.engine) as sent, postgresql_things.reading() as connection:
        FIND.row(connection, {"wanted": "odd"})
    assert 1 == len(sent)
    assert sent[0].startswith("SELECT things.name")


def test_it_survives_a_rollback(things: Database) -> None:
    """At a rollback psycopg has the server forget every prepared statement, once it has prepared some itself."""
    add(things, ODD)
    for _ in range(8):
        with things.writing() as connection:
            connection.execute(select(THINGS.c.at).where(THINGS.c.name == "odd"))
            FIND.row(connection, {"wanted": "odd"})
    with pytest.raises(LookupError), things.writing() as connection:  # noqa: PT012 - rolled back in the middle
        FIND.row(connection, {"wanted": "odd"})
        raise LookupError
    with things.writing() as connection:
        assert FIND.row(connection, {"wanted": "odd"}) is not None


def test_a_violation_is_sqlalchemys_error(things: Database) -> None:
    """A second row of the same name raises what it would raise elsewhere, and leaves a connection that works."""
    add(things, ODD)
    with pytest.raises(IntegrityError):
        add(things, ODD)
    with things.reading() as connection:
        assert FIND.row(connection, {"wanted": "odd"}) is not None


def test_a_text_with_nul_is_refused_not_cut(postgresql_things: Database) -> None:
    """Libpq takes texts up to the first NUL."""
    with pytest.raises(DBAPIError), postgresql_things.reading() as connection:
        FIND.row(connection, {"wanted": "odd\0"})


def test_a_changed_table_costs_one_connection_not_the_service(postgresql_things: Database) -> None:
    """After a migration under a running process the prepared statement is made anew with the connection."""
    add(postgresql_things, ODD)
    with postgresql_things.reading() as connection:
        FIND.row(connection, {"wanted": "odd"})
    with postgresql_things.engine.begin() as connection:
        connection.execute(text("ALTER TABLE things ALTER COLUMN count TYPE bigint"))
    with pytest.raises(StorageUnavailable), postgresql_things.reading() as connection:
        FIND.row(connection, {"wanted": "odd"})
    with postgresql_things.reading() as connection:
        found = FIND.row(connection, {"wanted": "odd"})
        assert found is not None
        assert 1 == found.count


def test_a_hung_server_is_an_outage_within_seconds(private_postgresql: PostgresqlServer) -> None:
    """F04: the short way waits no longer than the long one."""
    database = Database(open_engine(private_postgresql.url(), pool_size=1))
    METADATA.create_all(database.engine)
    add(database, ODD)
    with private_postgresql.paused():
        started = time.monotonic()
        with pytest.raises(StorageUnavailable), database.writing() as connection:
            FIND.row(connection, {"wanted": "odd"})
        assert 5.0 > time.monotonic() - started
    time.sleep(1.1)
    with database.reading() as connection:
        assert FIND.row(connection, {"wanted": "odd"}) is not None
    database.engine.dispose()


def test_a_killed_server_is_an_outage_at_once(private_postgresql: PostgresqlServer) -> None:
    """F03: a connection that broke in the middle of a transaction is not used again."""
    database = Database(open_engine(private_postgresql.url(), pool_size=1))
    METADATA.create_all(database.engine)
    add(database, ODD)
    with pytest.raises(StorageUnavailable), database.writing() as connection:  # noqa: PT012 - in the middle of it
        FIND.row(connection, {"wanted": "odd"})
        private_postgresql.kill()
        FIND.row(connection, {"wanted": "odd"})
    private_postgresql.start()
    with database.reading() as connection:
        assert FIND.row(connection, {"wanted": "odd"}) is not None
    database.engine.dispose()


def test_a_large_value_arrives_whole(postgresql_things: Database) -> None:
    """More than a socket's buffer takes at once."""
    row = ODD | {"document": {"text": "ü" * 3_000_000}}
    add(postgresql_things, row)
    with postgresql_things.reading() as connection:
        found = FIND.row(connection, {"wanted": "odd"})
        assert found is not None
        assert row["document"] == found.document


def test_an_unknown_type_is_refused_when_the_statement_is_made() -> None:
    """Nobody guesses how a value is spelt."""
    with pytest.raises(UnknownType, match="Date"):
        spelling(Date())
