"""A key ring in a file and back: on a clean host, over an older or damaged ring, never over another one (K14, F22)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from idp.acts.compromise_key import compromise_key
from idp.acts.initialise_keys import initialise_keys
from idp.acts.restore_keys import RestoredKeys, restore_keys
from idp.acts.rotate_key import rotate_key
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.key_models import KeyRow
from idp.storage.key_rows import StoredRing, load_ring, load_secrets, read_ring
from keys.backup import Backup, faults_of, open_backup, seal_backup
from keys.base64url import decode, encode
from keys.errors import BackupRefused, KeyDamaged, WrongKek
from keys.kek import FileKek
from keys.kek_source import file_source
from keys.states import KeyState
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite
from tests.unit.keys.conftest import NOBODY, NOW

ISSUER = "https://id.example.com"


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database with the usual keys."""
    database = Database(open_engine(database_url))
    initialise_keys(
        database,
        file_source(tmp_path / "kek"),
        algorithms=("ES256",),
        actor="test",
        now=NOW,
        entropy=secrets.token_bytes,
    )
    yield database
    database.engine.dispose()


@pytest.fixture
def file_kek(database: Database, tmp_path: Path) -> FileKek:
    """The key-encryption key of that database."""
    assert database.dialect
    return FileKek.load(tmp_path / "kek")


@contextmanager
def clean_host(tmp_path: Path) -> Iterator[Database]:
    """A database with the schema and nothing in it."""
    database = Database(open_engine(copy_sqlite(tmp_path / "clean.sqlite")))
    yield database
    database.engine.dispose()


def ring_of(database: Database) -> StoredRing:
    """The rows as they are."""
    with database.reading() as connection:
        return read_ring(connection)


def backed_up(database: Database, kek: FileKek) -> bytes:
    """The content of a backup's file."""
    stored = ring_of(database)
    backup = Backup(issuer=ISSUER, epoch=stored.epoch, made_at=NOW, records=stored.records)
    return seal_backup(backup, kek, entropy=secrets.token_bytes)


def put_back(database: Database, kek: FileKek, file: bytes) -> RestoredKeys:
    """The act."""
    return restore_keys(
        database,
        kek,
        open_backup(file, kek),
        actor="test",
        clock=SettableClock(NOW + 100),
        entropy=secrets.token_bytes,
    )


def rotated(database: Database, kek: FileKek) -> str:
    """Rotate, and give the kid that signed before."""
    done = rotate_key(
        database,
        kek,
        algorithm="ES256",
        pick_up=NOBODY,
        actor="test",
        clock=SettableClock(NOW),
        entropy=secrets.token_bytes,
    )
    assert done.retired
    return done.retired


def test_a_clean_host_has_the_same_ring(database: Database, file_kek: FileKek, tmp_path: Path) -> None:
    """Every row, every secret, the same key signs; and what may have been brought back to life with it has ended."""
    before = ring_of(database)
    with clean_host(tmp_path) as clean:
        done = put_back(clean, file_kek, backed_up(database, file_kek))
        assert {key.kid for key in before.records} == set(done.added)
        assert (before.records, before.epoch + 1) == (ring_of(clean).records, ring_of(clean).epoch)
        assert done.ended is not None
        with clean.reading() as connection:
            load_secrets(connection, file_kek, entropy=secrets.token_bytes)
            assert {} == load_ring(connection, file_kek).damaged
        assert RestoredKeys(added=(), replaced=(), left_out=(), epoch=done.epoch, ended=None) == put_back(
            clean, file_kek, backed_up(database, file_kek)
        )


def test_an_older_ring_comes_forward(database: Database, file_kek: FileKek, tmp_path: Path) -> None:
    """A key that was rotated out and compromised after the database's dump is not trusted again."""
    older = backed_up(database, file_kek)
    leaked = rotated(database, file_kek)
    compromise_key(
        database,
        kek=file_kek,
        kid=leaked,
        reason="test",
        actor="test",
        clock=SettableClock(NOW),
        entropy=secrets.token_bytes,
    )
    newer = backed_up(database, file_kek)
    with clean_host(tmp_path) as clean:
        put_back(clean, file_kek, older)
        assert KeyState.ACTIVE in states_of(clean, leaked)
        done = put_back(clean, file_kek, newer)
        assert leaked in done.replaced
        assert done.ended is not None
        assert {KeyState.COMPROMISED} == states_of(clean, leaked)


def test_a_damaged_row_is_mended_and_keeps_its_state(database: Database, file_kek: FileKek) -> None:
    """From a backup that is older: the private part comes back, the state does not; nobody is signed out."""
    file = backed_up(database, file_kek)
    retired = rotated(database, file_kek)
    with database.writing() as connection:
        for kid in (retired, "lookup.1"):
            connection.execute(update(KeyRow).where(KeyRow.kid == kid).values(wrapped=b"\x01\x00\x00"))
    done = put_back(database, file_kek, file)
    assert {retired, "lookup.1"} == set(done.replaced)
    assert done.ended is None
    assert {KeyState.RETIRING} == states_of(database, retired)
    assert {} == faults_of(ring_of(database).records, file_kek)


def test_a_lost_row_comes_back(database: Database, file_kek: FileKek) -> None:
    """A secret of the service that somebody deleted."""
    file = backed_up(database, file_kek)
    with database.writing() as connection:
        connection.execute(delete(KeyRow).where(KeyRow.kid == "pepper.1"))
    done = put_back(database, file_kek, file)
    assert (("pepper.1",), None) == (done.added, done.ended)


def test_a_lost_signing_key_stays_out_of_a_later_ring(database: Database, file_kek: FileKek) -> None:
    """It was active in the backup, and what became of it since, nobody can tell; a ring of the same change takes it."""
    file = backed_up(database, file_kek)
    retired = rotated(database, file_kek)
    with database.writing() as connection:
        connection.execute(delete(KeyRow).where(KeyRow.kid.in_([retired, "pepper.1"])))
    done = put_back(database, file_kek, file)
    assert (("pepper.1",), (retired,), None) == (done.added, done.left_out, done.ended)
    assert set() == states_of(database, retired)

    file = backed_up(database, file_kek)
    signs = next(key.kid for key in ring_of(database).records if key.state is KeyState.ACTIVE and key.public_jwk)
    with database.writing() as connection:
        connection.execute(delete(KeyRow).where(KeyRow.kid == signs))
    assert ((signs,), ()) == ((again := put_back(database, file_kek, file)).added, again.left_out)


def test_another_ring_is_not_overwritten(database: Database, file_kek: FileKek, tmp_path: Path) -> None:
    """A database that was initialised anew with the same key-encryption key has keys of its own."""
    rotated(database, file_kek)
    file = backed_up(database, file_kek)
    with clean_host(tmp_path) as other:
        initialise_keys(
            other,
            file_source(tmp_path / "kek"),
            algorithms=("ES256",),
            actor="test",
            now=NOW,
            entropy=secrets.token_bytes,
        )
        before = ring_of(other)
        with pytest.raises(BackupRefused, match="another key ring"):
            put_back(other, file_kek, file)
        assert before == ring_of(other)


def test_the_file_tells_nothing(database: Database, file_kek: FileKek) -> None:
    """Without the key-encryption key not even the kids are readable."""
    file = backed_up(database, file_kek)
    assert {"format", "issuer", "epoch", "made_at", "kek_id", "sealed"} == json.loads(file).keys()
    assert not any(key.kid.encode() in file for key in ring_of(database).records)
    with pytest.raises(WrongKek):
        open_backup(file, FileKek(secrets.token_bytes(32)))


def flipped(file: dict[str, Any]) -> dict[str, Any]:
    """One bit of what is sealed is another."""
    sealed = bytearray(decode(file["sealed"].encode()))
    sealed[-20] ^= 1
    return file | {"sealed": encode(bytes(sealed)).decode()}


@pytest.mark.parametrize(
    "change",
    [
        flipped,
        lambda file: file | {"sealed": file["sealed"][:-8]},
        lambda file: file | {"epoch": file["epoch"] + 1},
        lambda file: file | {"issuer": "https://other.example.com"},
        lambda file: file | {"made_at": NOW + 1},
        lambda file: file | {"format": "idp-keys-backup-9"},
        lambda file: {name: value for name, value in file.items() if name != "kek_id"},
        lambda file: file | {"sealed": 7},
        lambda file: [file],
        lambda _: "a word",
    ],
)
def test_an_altered_file_is_refused(
    database: Database, file_kek: FileKek, change: Callable[[dict[str, Any]], object]
) -> None:
    """Whatever was changed in it, inside the seal or beside it."""
    file = json.loads(backed_up(database, file_kek))
    with pytest.raises(BackupRefused):
        open_backup(json.dumps(change(file)).encode(), file_kek)


@pytest.mark.parametrize("cut", [0, 1, 100, -3])
def test_a_file_that_was_cut_off_is_refused(database: Database, file_kek: FileKek, cut: int) -> None:
    """A disk that was full while somebody copied it."""
    with pytest.raises(BackupRefused):
        open_backup(backed_up(database, file_kek)[:cut], file_kek)


def test_a_backup_with_a_damaged_key_is_not_put_back(database: Database, file_kek: FileKek, tmp_path: Path) -> None:
    """A row whose private part is another's: sealed like that, and found before anything is written."""
    stored = ring_of(database)
    by_state = {key.state: key for key in stored.records if key.algorithm == "ES256"}
    active, other = by_state[KeyState.ACTIVE], by_state[KeyState.STAGED]
    swapped = replace(active, wrapped=other.wrapped)
    backup = Backup(issuer=ISSUER, epoch=1, made_at=NOW, records=(swapped,))
    with clean_host(tmp_path) as clean:
        with pytest.raises(KeyDamaged, match=active.kid):
            put_back(clean, file_kek, seal_backup(backup, file_kek, entropy=secrets.token_bytes))
        assert 0 == ring_of(clean).epoch


def states_of(database: Database, kid: str) -> set[KeyState]:
    """The state of a key."""
    return {key.state for key in ring_of(database).records if key.kid == kid}
