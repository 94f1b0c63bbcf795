"""A new key-encryption key for a thousand secrets: interrupted anywhere, everything stays readable (K10, K11)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from idp.acts.initialise_keys import initialise_keys
from idp.acts.rewrap_keys import Rewrapped, rewrap_keys
from idp.acts.rotate_key import rotate_key
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.key_models import KeyRow
from idp.storage.key_rows import add_keys, load_ring, load_secrets, read_ring
from keys.canary import check_canary
from keys.errors import KeyDamaged, WrongKek
from keys.kek import FileKek, Kek, KekPair
from keys.kek_source import file_source
from keys.new_records import secret_record
from keys.purposes import Purpose
from keys.wrapping import Label, unwrap
from tests.support.clock import SettableClock
from tests.unit.keys.conftest import NOBODY, NOW


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database with the usual keys."""
    database = Database(open_engine(database_url))
    initialise_keys(
        database,
        file_source(tmp_path / "old"),
        algorithms=("ES256",),
        actor="test",
        now=NOW,
        entropy=secrets.token_bytes,
    )
    FileKek.create(tmp_path / "new")
    yield database
    database.engine.dispose()


@pytest.fixture
def both(database: Database, tmp_path: Path) -> Kek:
    """The new key-encryption key, with the old one beside it."""
    assert database.dialect
    return KekPair(FileKek.load(tmp_path / "new"), FileKek.load(tmp_path / "old"))


def rewrapping(database: Database, kek: Kek, *, at_most: int = 50) -> Iterator[Rewrapped]:
    """The act."""
    return rewrap_keys(
        database, kek, actor="test", clock=SettableClock(NOW), entropy=secrets.token_bytes, at_most=at_most
    )


def opened(database: Database, kek: Kek) -> dict[str, bytes]:
    """Every secret, opened."""
    with database.reading() as connection:
        return {key.kid: unwrap(key, kek) for key in read_ring(connection).records if key.wrapped}


def many(database: Database, kek: Kek, count: int) -> None:
    """Add so many secrets."""
    with database.writing() as connection:
        add_keys(
            connection,
            [
                secret_record(
                    secrets.token_bytes(32),
                    label=Label(f"pepper.{number}", "HS256", Purpose.PEPPER, number),
                    kek=kek,
                    epoch=1,
                    now=NOW,
                    entropy=secrets.token_bytes,
                )
                for number in range(2, count + 2)
            ],
        )


def index_allows_many(database: Database) -> None:
    """Let more than one secret of a purpose be active, which in life they are not."""
    with database.writing() as connection:
        connection.exec_driver_sql("DROP INDEX uq_keys_active")


def test_a_thousand_secrets_stopped_after_every_batch(database: Database, both: Kek, tmp_path: Path) -> None:
    """At every moment both together open everything; in the end the new one alone does, and the old one nothing."""
    index_allows_many(database)
    many(database, FileKek.load(tmp_path / "old"), 1000)
    before = opened(database, both)
    left = len(before)
    while left:
        batch = next(rewrapping(database, both, at_most=97))
        assert left - batch.rows == batch.left
        left = batch.left
        assert before == opened(database, both)
    assert [] == list(rewrapping(database, both))
    assert before == opened(database, FileKek.load(tmp_path / "new"))
    with pytest.raises(WrongKek):
        opened(database, FileKek.load(tmp_path / "old"))


def test_the_canary_goes_last(database: Database, both: Kek, tmp_path: Path) -> None:
    """Until then the old key-encryption key is the right one, from then on the new one."""
    for batch in rewrapping(database, both, at_most=1):
        with database.reading() as connection:
            records = read_ring(connection).records
        check_canary(records, FileKek.load(tmp_path / ("old" if batch.left else "new")))
        with pytest.raises(WrongKek):
            check_canary(records, FileKek.load(tmp_path / ("new" if batch.left else "old")))


def test_an_issuer_goes_on_meanwhile(database: Database, both: Kek, tmp_path: Path) -> None:
    """Keys sign, secrets open, and a rotation in between loses nothing: new keys are wrapped by the new one."""
    taking = rewrapping(database, both, at_most=3)
    next(taking)
    rotate_key(
        database,
        both,
        algorithm="ES256",
        pick_up=NOBODY,
        actor="test",
        clock=SettableClock(NOW),
        entropy=secrets.token_bytes,
    )
    with database.reading() as connection:
        load_secrets(connection, both, entropy=secrets.token_bytes)
        assert {} == load_ring(connection, both).damaged
    list(taking)
    with database.reading() as connection:
        assert {} == load_ring(connection, FileKek.load(tmp_path / "new")).damaged


def test_a_damaged_row_stops_it_while_the_old_one_is_there(database: Database, both: Kek) -> None:
    """Better now than when its key-encryption key is gone; nothing of the batch is written."""
    with database.writing() as connection:
        connection.execute(update(KeyRow).where(KeyRow.kid == "lookup.1").values(wrapped=b"\x01\x00\x00"))
    with pytest.raises(KeyDamaged, match=r"lookup\.1"):
        list(rewrapping(database, both))
    with database.reading() as connection:
        assert {both.kek_id} != {key.kek_id for key in read_ring(connection).records}


def test_a_row_copied_to_another_kid_is_not_taken_over(database: Database, both: Kek) -> None:
    """The wrapping is bound to the kid: rewrapping does not wash it clean (K10)."""
    with database.writing() as connection:
        records = {key.kid: key for key in read_ring(connection).records}
        copied = update(KeyRow).where(KeyRow.kid == "csrf.1")
        connection.execute(copied.values(wrapped=records["lookup.1"].wrapped))
    with pytest.raises(KeyDamaged, match=r"csrf\.1"):
        list(rewrapping(database, both))


def test_a_third_key_encryption_key_opens_nothing(database: Database, both: Kek, tmp_path: Path) -> None:
    """A wrong file beside the right one is named."""
    assert both.kek_id
    FileKek.create(tmp_path / "third")
    with pytest.raises(WrongKek):
        list(rewrapping(database, KekPair(FileKek.load(tmp_path / "new"), FileKek.load(tmp_path / "third"))))


def test_rows_of_another_home_are_left_alone(database: Database, both: Kek) -> None:
    """What is not wrapped here can't be rewrapped here."""
    with database.writing() as connection:
        records = read_ring(connection).records
        staged = next(key for key in records if key.state.value == "staged")
        away = replace(staged, kid="away", wrapped=None, home="pkcs11:idp", state=staged.state)
        add_keys(connection, [away])
    list(rewrapping(database, both))
    with database.reading() as connection:
        (row,) = [key for key in read_ring(connection).records if key.kid == "away"]
    assert (None, staged.kek_id) == (row.wrapped, row.kek_id)
