"""Transactions, on SQLite and PostgreSQL: all or nothing, bounded, and one error when the database cannot."""

import time
from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import open_engine
from idp.storage.revisions import RevisionRow, bump, read_revisions
from tests.support.racing import at_once


def count(database: Database) -> int:
    """Count the revisions' rows."""
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(RevisionRow)).scalar_one()


def bump_once(database: Database, name: str) -> None:
    """Bump in a transaction of its own."""
    with database.writing() as connection:
        bump(connection, name)


def test_a_block_that_ends_is_committed(database: Database) -> None:
    """What was written can be read by the next transaction."""
    bump_once(database, "clients")
    assert 1 == count(database)


def test_a_block_that_raises_is_rolled_back(database: Database) -> None:
    """Nothing of it stays, and the caller gets its own exception."""
    with suppress(ZeroDivisionError), database.writing() as connection:
        bump(connection, "clients")
        raise ZeroDivisionError
    assert 0 == count(database)


def test_reading_cannot_write(database: Database) -> None:
    """A write on a reading connection is a mistake in the program, and is not carried out."""
    with pytest.raises(AssertionError), database.reading() as connection:
        bump(connection, "clients")
    assert 0 == count(database)


def test_constraints_are_not_taken_for_an_outage(database: Database) -> None:
    """A violated constraint stays what it is."""
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(insert(RevisionRow), [{"name": "a", "number": 1}, {"name": "a", "number": 2}])


def test_errors_carry_no_parameters(database: Database) -> None:
    """Neither the error nor its cause prints what was sent: it may be somebody's address."""
    rows = [{"name": "pat@example.com", "number": number} for number in (1, 2)]
    with pytest.raises(IntegrityError) as caught, database.writing() as connection:
        connection.execute(insert(RevisionRow), rows)
    assert "[SQL parameters hidden due to hide_parameters=True]" in str(caught.value)


def test_bumps_of_many_threads_all_count(database_url: str) -> None:
    """Sixteen concurrent changes raise the revision by sixteen."""
    database = Database(open_engine(database_url, pool_size=16))
    at_once(16, partial(bump_once, database, "keys"))
    with database.reading() as connection:
        assert {"keys": 16} == read_revisions(connection)
    database.engine.dispose()


def test_reading_goes_on_while_another_writes(database: Database) -> None:
    """A reader sees the last committed state and does not wait for the writer."""
    bump_once(database, "keys")
    with database.writing() as connection:
        bump(connection, "keys")
        with database.reading() as reader:
            assert {"keys": 1} == read_revisions(reader)


@pytest.mark.alone
def test_a_used_up_pool_is_an_outage_after_a_second(database_url: str) -> None:
    """Who finds no free connection waits a second, not longer, and the pool serves again afterwards."""
    database = Database(open_engine(database_url, pool_size=1))
    with database.reading() as connection:
        connection.execute(text("SELECT 1"))
        started = time.monotonic()
        with pytest.raises(StorageUnavailable), database.reading():
            pass
        assert 2.5 > time.monotonic() - started
    assert 0 == count(database)
    database.engine.dispose()


def test_subscribers_hear_after_the_commit(database: Database) -> None:
    """When a subscriber is called, the change is there to be read."""
    heard: list[tuple[str, ...]] = []

    def read(names: object) -> None:
        with database.reading() as connection:
            heard.append(tuple(read_revisions(connection)))

    database.subscribe_revisions(read)
    bump_once(database, "keys")
    assert [("keys",)] == heard


def test_an_unknown_kind_of_database_is_refused() -> None:
    """Only what the contract suite runs on is accepted, and the message says what that is."""
    with pytest.raises(ValueError, match="sqlite:// or postgresql://"):
        open_engine("mysql://localhost/idp")
