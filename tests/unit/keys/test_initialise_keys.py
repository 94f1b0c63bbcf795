"""`idp keys init`, as an act."""

import secrets
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from idp.acts.initialise_keys import InitialisedKeys, initialise_keys
from idp.audit.models import EVENTS
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.key_models import KeyRow
from idp.storage.key_rows import load_ring, load_secrets, read_ring
from keys.errors import KekRefused, SecretMissing, UnsupportedAlgorithm, WrongKek
from keys.kek import FileKek
from keys.kek_source import file_source
from tests.support.racing import at_once
from tests.unit.keys.conftest import NOW

FOUNDING = ["canary.1", "csrf.1", "lookup.1", "pepper.1", "proof.1", "sealing.1"]


def initialise(database: Database, kek: Path, *algorithms: str) -> InitialisedKeys:
    """The act, for ES256 unless others are named."""
    return initialise_keys(
        database,
        file_source(kek),
        algorithms=algorithms or ("ES256",),
        actor="cli:root@host",
        now=NOW,
        entropy=secrets.token_bytes,
    )


def rows(database: Database) -> dict[str, str]:
    """Purpose or algorithm, and state, of every row."""
    with database.reading() as connection:
        return {row.kid: f"{row.purpose} {row.algorithm} {row.state}" for row in read_ring(connection).records}


def test_the_first_time_makes_all_there_is(database: Database, tmp_path: Path) -> None:
    """KEK, canary, founding secrets, the checkpoints' key, and per algorithm an active, a staged and a standby key."""
    made = initialise(database, tmp_path / "secrets" / "kek", "ES256", "Ed25519")

    assert (True, 13, (), 1) == (made.kek_created, len(made.created), made.without_active, made.epoch)
    assert set(made.created) == set(rows(database))
    assert FOUNDING == sorted(kid for kid in rows(database) if "." in kid)
    assert [
        "tokens ES256 active",
        "tokens ES256 staged",
        "tokens ES256 standby",
        "tokens Ed25519 active",
        "tokens Ed25519 staged",
        "tokens Ed25519 standby",
    ] == sorted(row for row in rows(database).values() if row.startswith("tokens"))


def test_an_issuer_starts_with_what_was_made(database: Database, tmp_path: Path) -> None:
    """The KEK from the file opens secrets and keys."""
    initialise(database, tmp_path / "kek")
    kek = FileKek.load(tmp_path / "kek")

    with database.reading() as connection:
        load_secrets(connection, kek, entropy=secrets.token_bytes)
        assert ("ES256",) == load_ring(connection, kek).algorithms(NOW)


def test_a_second_time_changes_nothing(database: Database, tmp_path: Path) -> None:
    """Run again, nothing is made, replaced or recorded."""
    initialise(database, tmp_path / "kek")
    before, file = rows(database), (tmp_path / "kek").read_bytes()

    again = initialise(database, tmp_path / "kek")

    assert InitialisedKeys(kek_created=False, created=(), without_active=(), epoch=1) == again
    assert (before, file) == (rows(database), (tmp_path / "kek").read_bytes())


def test_a_further_algorithm_is_added(database: Database, tmp_path: Path) -> None:
    """Only what it lacks is made."""
    initialise(database, tmp_path / "kek")
    before = rows(database)

    made = initialise(database, tmp_path / "kek", "ES256", "Ed25519")

    assert (3, 2) == (len(made.created), made.epoch)
    assert before.items() <= rows(database).items()


def test_an_algorithm_out_of_service_is_reported(database: Database, tmp_path: Path) -> None:
    """Which key signs next is a person's decision: nothing becomes active by itself."""
    initialise(database, tmp_path / "kek")
    with database.writing() as connection:
        connection.execute(update(KeyRow).where(KeyRow.purpose == "tokens").values(state="compromised"))

    made = initialise(database, tmp_path / "kek")

    assert ("ES256",) == made.without_active
    assert ["tokens ES256 staged", "tokens ES256 standby"] == sorted(rows(database)[kid] for kid in made.created)


def test_a_lost_kek_is_not_replaced(database: Database, tmp_path: Path) -> None:
    """With keys in the database, a missing file is to be restored and no new one is made."""
    initialise(database, tmp_path / "kek")
    (tmp_path / "kek").unlink()

    with pytest.raises(KekRefused, match="restore it from its backup"):
        initialise(database, tmp_path / "kek")
    assert not (tmp_path / "kek").exists()


@pytest.mark.parametrize("kid", FOUNDING)
def test_a_lost_secret_is_not_replaced(database: Database, tmp_path: Path, kid: str) -> None:
    """A new pepper would make every password wrong; the loss is named."""
    initialise(database, tmp_path / "kek")
    with database.writing() as connection:
        connection.execute(delete(KeyRow).where(KeyRow.kid == kid))

    with pytest.raises(SecretMissing, match=kid.removesuffix(".1")):
        initialise(database, tmp_path / "kek")


def test_a_lost_table_is_not_a_new_start(database: Database, tmp_path: Path) -> None:
    """All rows gone is data loss as well, with and without the file."""
    initialise(database, tmp_path / "kek")
    with database.writing() as connection:
        connection.execute(delete(KeyRow))

    with pytest.raises(SecretMissing, match="restore the key ring from backup"):
        initialise(database, tmp_path / "kek")
    (tmp_path / "kek").unlink()
    with pytest.raises(KekRefused, match="restore"):
        initialise(database, tmp_path / "kek")


def test_an_unknown_algorithm_is_refused_before_anything_is_made(database: Database, tmp_path: Path) -> None:
    """Neither file nor rows."""
    with pytest.raises(UnsupportedAlgorithm):
        initialise(database, tmp_path / "kek", "ES256", "HS256")
    assert (False, {}) == ((tmp_path / "kek").exists(), rows(database))


def test_it_is_recorded(database: Database, tmp_path: Path) -> None:
    """Who made which kids, in the same transaction, without secrets."""
    made = initialise(database, tmp_path / "kek")

    with database.reading() as connection:
        event = connection.execute(select(EVENTS)).one()
    assert ("keys.created", "cli:root@host", NOW, {"kids": list(made.created)}) == (
        event.type,
        event.actor,
        event.at,
        event.details,
    )


def test_several_at_once_make_one_ring(database_url: str, tmp_path: Path) -> None:
    """Four nodes that share file and database: one KEK, one set of secrets, one active key."""
    database = Database(open_engine(database_url))

    outcomes = at_once(4, partial(initialise, database, tmp_path / "kek"))

    assert ([0, 0, 0, 10], 1) == (
        sorted(len(made.created) for made in outcomes),
        sum(made.kek_created for made in outcomes),
    )
    assert 10 == len(rows(database))
    database.engine.dispose()


def test_nodes_with_files_of_their_own_are_told(database: Database, tmp_path: Path) -> None:
    """Whoever initialises second, with another file, is told that the database belongs to the first one's."""
    initialise(database, tmp_path / "here")
    FileKek.create(tmp_path / "there")

    with pytest.raises(WrongKek, match=FileKek.load(tmp_path / "here").kek_id):
        initialise(database, tmp_path / "there")
