"""The key ring in SQL, on SQLite and PostgreSQL."""

import secrets
from dataclasses import replace

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from idp.storage.database import Database
from idp.storage.key_models import KeyRow
from idp.storage.key_rows import (
    RingMoved,
    StoredRing,
    add_keys,
    advance_ring,
    load_ring,
    load_secrets,
    move_key,
    on_current_ring,
    read_ring,
)
from idp.storage.revisions import read_revisions
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.states import KeyState
from tests.unit.keys.conftest import NOW, staged


def stored(database: Database) -> StoredRing:
    """What is in it."""
    with database.reading() as connection:
        return read_ring(connection)


def add(database: Database, *records: KeyRecord) -> None:
    """Write rows as one change."""
    seen = stored(database).epoch
    with database.writing() as connection:
        advance_ring(connection, seen=seen)
        add_keys(connection, records)


def test_a_ring_not_yet_made_is_at_epoch_zero(database: Database) -> None:
    """No rows, and no error."""
    assert StoredRing((), 0) == stored(database)


def test_rows_come_back_as_they_were(
    database: Database, active_keys: dict[str, KeyRecord], secret_rows: list[KeyRecord]
) -> None:
    """Every field of every kind of row, the state as a state."""
    rows = (*active_keys.values(), *secret_rows)
    add(database, *rows)

    read = stored(database)
    assert (1, sorted(rows, key=lambda row: row.kid)) == (read.epoch, list(read.records))
    assert all(type(row.state) is KeyState for row in read.records)


def test_a_ring_whose_rows_are_gone_keeps_its_epoch(database: Database, active_keys: dict[str, KeyRecord]) -> None:
    """Lost rows are told from a ring that was never made."""
    add(database, active_keys["ES256"])
    with database.writing() as connection:
        connection.execute(delete(KeyRow))

    assert StoredRing((), 1) == stored(database)


def test_a_loaded_ring_signs(
    database: Database, kek: FileKek, active_keys: dict[str, KeyRecord], secret_rows: list[KeyRecord]
) -> None:
    """Rows make a ring and the secrets of the service."""
    add(database, *active_keys.values(), *secret_rows)

    with database.reading() as connection:
        ring = load_ring(connection, kek)
        opened = load_secrets(connection, kek, entropy=secrets.token_bytes)

    assert (1, active_keys["ES256"].kid) == (ring.epoch, ring.signer("ES256", NOW).kid)
    assert 1 == opened.pepper.version


def test_every_change_tells_all_processes(database: Database) -> None:
    """The revision "keys" moves with the epoch."""
    for _ in range(3):
        add(database)

    with database.reading() as connection:
        assert (3, 3) == (read_ring(connection).epoch, read_revisions(connection)["keys"])


def test_who_decided_on_an_old_ring_writes_nothing(database: Database) -> None:
    """A change seen from a past epoch is refused, its revision with it."""
    add(database)

    with pytest.raises(RingMoved), database.writing() as connection:
        advance_ring(connection, seen=0)

    with database.reading() as connection:
        assert (1, 1) == (read_ring(connection).epoch, read_revisions(connection)["keys"])


def test_a_row_is_moved_from_the_state_that_was_read(database: Database, active_keys: dict[str, KeyRecord]) -> None:
    """A row whose state or epoch is another is not overwritten."""
    key = active_keys["ES256"]
    add(database, key)
    retiring = key.moved(KeyState.RETIRING, at=NOW + 3, epoch=2)
    with database.writing() as connection:
        move_key(connection, key, retiring)

    assert (retiring,) == stored(database).records
    for before in (key, replace(retiring, epoch=1)):
        with pytest.raises(RingMoved), database.writing() as connection:
            move_key(connection, before, retiring.moved(KeyState.REMOVED, at=NOW, epoch=3))


def test_the_database_itself_lets_one_key_be_active(
    database: Database, kek: FileKek, active_keys: dict[str, KeyRecord]
) -> None:
    """A second active key of the same algorithm can't be written; a second staged one can."""
    add(database, active_keys["ES256"], staged("ES256", kek), staged("ES256", kek))

    with pytest.raises(IntegrityError):
        add(database, staged("ES256", kek).moved(KeyState.ACTIVE, at=NOW, epoch=2))


def test_a_change_is_decided_anew_until_it_holds(database: Database) -> None:
    """Whoever lost the race reads again; after enough tries the error comes out."""
    seen: list[int] = []

    def late_once(found: StoredRing) -> int:
        seen.append(found.epoch)
        if len(seen) == 1:
            add(database)
        with database.writing() as connection:
            return advance_ring(connection, seen=found.epoch)

    assert (2, [0, 1]) == (on_current_ring(database, late_once), seen)

    def always_late(found: StoredRing) -> int:
        add(database)
        with database.writing() as connection:
            return advance_ring(connection, seen=found.epoch)

    with pytest.raises(RingMoved):
        on_current_ring(database, always_late)
