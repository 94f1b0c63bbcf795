"""What only SQLite needs: immediate transactions, durability, order among writers."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import open_engine
from idp.storage.models import Base
from idp.storage.revisions import bump, read_revisions


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """Give an open SQLite database."""
    database = Database(open_engine(sqlite_url))
    yield database
    database.engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000), ("trusted_schema", 0)],
)
def test_pragmas(sqlite: Database, pragma: str, value: str | int) -> None:
    """Each connection is durable, checks references, and waits for other writers."""
    with sqlite.reading() as connection:
        assert value == connection.execute(text(f"PRAGMA {pragma}")).scalar_one()


def test_a_transaction_that_reads_first_can_still_write(sqlite: Database, tmp_path: Path) -> None:
    """Writing transactions take the write lock at once: none is refused after having read (SQLITE_BUSY_SNAPSHOT)."""
    other = sqlite3.connect(tmp_path / "idp.sqlite", timeout=0, isolation_level=None)
    with sqlite.writing() as connection:
        assert {} == read_revisions(connection)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO revisions VALUES ('other', 1)")
        bump(connection, "ours")
    other.execute("INSERT INTO revisions VALUES ('other', 1)")
    other.close()
    with sqlite.reading() as connection:
        assert {"ours": 1, "other": 1} == read_revisions(connection)


def test_a_writer_that_never_ends_is_an_outage(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cannot get the write lock in time is told so, whether a thread holds it or another process."""
    for module in ("database", "engine"):
        monkeypatch.setattr(f"idp.storage.{module}.BUSY_SECONDS", 0.05)
    impatient = Database(open_engine(sqlite_url))
    with impatient.writing(), pytest.raises(StorageUnavailable), impatient.writing():
        pass
    other = sqlite3.connect(tmp_path / "idp.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable), impatient.writing():
        pass
    other.close()
    with impatient.writing() as connection:
        bump(connection, "keys")
    impatient.engine.dispose()


def test_a_database_in_memory_is_one_database() -> None:
    """Every thread and transaction sees the same tables."""
    database = Database(open_engine("sqlite://"))
    Base.metadata.create_all(database.engine)
    with database.writing() as connection:
        bump(connection, "keys")
    with database.reading() as connection:
        assert {"keys": 1} == read_revisions(connection)
    database.engine.dispose()
