"""The spent ledger, on SQLite and PostgreSQL: exactly one of any number of uses succeeds."""

from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy import func, select

from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.prune import prune
from idp.storage.spent import KEEP_SECONDS, AlreadySpent, SpentRow, spend
from tests.support.racing import at_once, spend_in_processes, spend_once


def test_an_artifact_is_spent_once(database: Database) -> None:
    """The second use of an artifact is refused, in the same transaction or a later one."""
    with database.writing() as connection:
        spend(connection, kind="jti", artifact="a", expires_at=10.0, now=1.0)
        with pytest.raises(AlreadySpent):
            spend(connection, kind="jti", artifact=b"a", expires_at=10.0, now=1.0)
    with database.writing() as connection, pytest.raises(AlreadySpent):
        spend(connection, kind="jti", artifact="a", expires_at=10.0, now=1.0)


def test_kinds_are_separate(database: Database) -> None:
    """The same characters spent as another kind of artifact are another artifact."""
    with database.writing() as connection:
        spend(connection, kind="jti", artifact="a", expires_at=10.0, now=1.0)
        spend(connection, kind="totp", artifact="a", expires_at=10.0, now=1.0)


def test_what_is_rolled_back_is_not_spent(database: Database) -> None:
    """A transaction that fails gives back what it spent."""
    with suppress(ZeroDivisionError), database.writing() as connection:
        spend(connection, kind="race", artifact="a", expires_at=10.0, now=1.0)
        raise ZeroDivisionError
    assert spend_once(database, "a")


@pytest.mark.parametrize("artifact", ["", "\x00", "\udcff", "ü" * 5000, b"\x00\xff"])
def test_any_artifact_can_be_spent(database: Database, artifact: str | bytes) -> None:
    """A stranger chooses the artifact: nothing in it fails the statement."""
    with database.writing() as connection:
        spend(connection, kind="jti", artifact=artifact, expires_at=10.0, now=1.0)
        with pytest.raises(AlreadySpent):
            spend(connection, kind="jti", artifact=artifact, expires_at=10.0, now=1.0)


def test_fifty_threads_have_one_winner(database_url: str) -> None:
    """Of fifty threads that spend one artifact at once, one succeeds; thrice."""
    database = Database(open_engine(database_url, pool_size=50))
    for artifact in ("a", "b", "c"):
        assert 1 == at_once(50, partial(spend_once, database, artifact)).count(True)
    database.engine.dispose()


def test_processes_have_one_winner(database_url: str) -> None:
    """Of three processes with five threads each, one thread of one process spends each artifact."""
    artifacts = [f"artifact {number}" for number in range(10)]
    won = spend_in_processes(database_url, artifacts, processes=3, threads=5)
    assert artifacts == sorted(won)


def test_the_ledger_forgets_only_what_has_long_expired(database: Database) -> None:
    """Pruning keeps an artifact until an hour after its expiry, when no clock in service is still before it."""
    with database.writing() as connection:
        spend(connection, kind="race", artifact="a", expires_at=10.0, now=1.0)
    prune(database, 10.0 + KEEP_SECONDS)
    assert not spend_once(database, "a")
    assert 1 == prune(database, 10.1 + KEEP_SECONDS)["spent"]


def test_a_past_expiry_does_not_shorten_the_ledgers_memory(database: Database) -> None:
    """An artifact that a caller says expired long ago is remembered from now on, not forgotten at once."""
    with database.writing() as connection:
        spend(connection, kind="jti", artifact="a", expires_at=-1e9, now=1.0)
    assert 0 == prune(database, 2.0)["spent"]


def test_only_digests_are_kept(database: Database) -> None:
    """What was spent cannot be read from the ledger."""
    with database.writing() as connection:
        spend(connection, kind="jti", artifact="secret", expires_at=10.0, now=1.0)
    with database.reading() as connection:
        assert 32 == connection.execute(select(func.length(SpentRow.digest))).scalar_one()
