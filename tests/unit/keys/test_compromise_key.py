"""Containment, as an act: whatever state the key is in, alone, twice, without a follower, without the KEK."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from idp.acts.close_incident import ClosedAlready, ReviewedByTheSame, review_incident, withdraw_incident
from idp.acts.compromise_key import Containment, compromise_key
from idp.acts.initialise_keys import initialise_keys
from idp.acts.rotate_key import rotate_key
from idp.audit.models import EVENTS
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.incident_rows import list_incidents
from idp.storage.key_models import KeyRow
from idp.storage.key_rows import load_ring, read_ring
from idp.storage.marks import MarkRow
from keys.compact import encode, verify
from keys.errors import InvalidToken, NoActiveKey, UnknownKey
from keys.kek import FileKek, Kek
from keys.kek_source import file_source
from keys.records import KeyRecord
from keys.ring import KeyRing
from keys.rotation import keys_of
from keys.states import KeyState
from tests.support.clock import SettableClock
from tests.support.racing import at_once
from tests.unit.keys.conftest import NOBODY, NOW

ALICE, BOB = "cli:alice@host", "cli:bob@host"


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database with keys for two algorithms."""
    database = Database(open_engine(database_url))
    initialise_keys(
        database,
        file_source(tmp_path / "kek"),
        algorithms=("ES256", "Ed25519"),
        actor="test",
        now=NOW - 1000,
        entropy=secrets.token_bytes,
    )
    yield database
    database.engine.dispose()


@pytest.fixture
def kek(database: Database, tmp_path: Path) -> FileKek:
    """The KEK of that database."""
    return FileKek.load(tmp_path / "kek")


def keys(database: Database) -> dict[str, KeyRecord]:
    """The ES256 key in each state, the latest where there are several."""
    with database.reading() as connection:
        records = keys_of(read_ring(connection).records, algorithm="ES256")
    return {key.state.value: key for key in sorted(records, key=lambda key: key.epoch)}


def compromise(database: Database, kek: Kek | None, kid: str) -> Containment:
    """The act."""
    return compromise_key(
        database,
        kek,
        kid=kid,
        reason="laptop stolen",
        actor=ALICE,
        clock=SettableClock(NOW),
        entropy=secrets.token_bytes,
    )


def rotate(database: Database, kek: Kek, now: float) -> str:
    """Rotate in the ordinary way; gives the kid that takes over."""
    done = rotate_key(
        database,
        kek,
        algorithm="ES256",
        pick_up=NOBODY,
        actor="test",
        clock=SettableClock(now),
        entropy=secrets.token_bytes,
    )
    return done.activated


def ring_of(database: Database, kek: Kek) -> KeyRing:
    """The ring that a process loads now."""
    with database.reading() as connection:
        return load_ring(connection, kek)


def test_the_standby_key_signs_from_this_instant_on(database: Database, kek: FileKek) -> None:
    """Not three seconds later; the leaked one verifies nothing any more, and a new standby is made."""
    before = keys(database)
    token = encode(ring_of(database, kek).signer("ES256", NOW), typ="JWT", claims={"sub": "dana"})

    done = compromise(database, kek, before["active"].kid)

    ring, after = ring_of(database, kek), keys(database)
    assert (before["standby"].kid, False) == (done.incident.replaced_by, done.nothing_signs)
    assert before["standby"].kid == ring.signer("ES256", NOW).kid
    for removed in (False, True):
        with pytest.raises(InvalidToken):
            verify(ring, token, typ="JWT", now=NOW, removed=removed)
    assert before["active"].kid.encode() not in ring.jwks(NOW).body
    assert after["standby"].kid not in {key.kid for key in before.values()}
    assert before["staged"].kid == after["staged"].kid


@pytest.mark.parametrize("state", ["staged", "standby", "active", "retiring", "removed"])
def test_a_key_can_be_compromised_in_every_state(database: Database, kek: FileKek, state: str) -> None:
    """Off the JWKS and out of the hints; afterwards there is one of each that is needed, whoever was hit."""
    rotate(database, kek, NOW - 100)
    with database.writing() as connection:
        old = update(KeyRow).where(KeyRow.state == "retiring")
        connection.execute(old.values(state=state if state == "removed" else "retiring", removed_at=NOW - 50))
    kid = keys(database)[state].kid

    done = compromise(database, kek, kid)

    assert (state, False) == (done.incident.state_before, done.nothing_signs)
    assert (state == "active") == (done.incident.replaced_by is not None)
    held = keys(database)
    assert {"active", "staged", "standby"} <= held.keys()
    assert kid == held["compromised"].kid
    with pytest.raises(UnknownKey):
        ring_of(database, kek).public_key(kid, NOW, removed=True)


def test_who_was_told_twice_has_done_it_once(database: Database, kek: FileKek) -> None:
    """The second person gets the first one's incident, and nothing moves."""
    kid = keys(database)["active"].kid
    first, states = compromise(database, kek, kid), keys(database)
    second = compromise(database, kek, kid)
    assert (replace(first.incident, told_at=NOW), True) == (second.incident, second.already)
    assert states == keys(database)


def test_many_at_once_open_one_incident(database: Database, kek: FileKek) -> None:
    """And one key takes over."""
    kid = keys(database)["active"].kid
    done = at_once(4, partial(compromise, database, kek, kid))
    assert (1, 3) == (len({one.incident.id for one in done}), sum(one.already for one in done))
    with database.reading() as connection:
        assert 1 == len(list_incidents(connection))
        assert 1 == len(connection.execute(select(MarkRow).where(MarkRow.kind == "kid", MarkRow.id == kid)).all())


def test_a_standby_key_that_does_not_open_is_passed_over(database: Database, kek: FileKek) -> None:
    """The staged one takes over, and is replaced."""
    before = keys(database)
    with database.writing() as connection:
        connection.execute(update(KeyRow).where(KeyRow.kid == before["standby"].kid).values(wrapped=b"\x01\x00"))

    done = compromise(database, kek, before["active"].kid)

    assert before["staged"].kid == done.incident.replaced_by
    assert {"active", "staged", "standby", "compromised"} == keys(database).keys()


def test_without_a_follower_the_key_goes_all_the_same(database: Database, kek: FileKek) -> None:
    """Nothing signs rather than a key that a thief has."""
    before = keys(database)
    with database.writing() as connection:
        waiting = update(KeyRow).where(KeyRow.state.in_(["staged", "standby"]), KeyRow.algorithm == "ES256")
        connection.execute(waiting.values(wrapped=b"\x01\x00"))

    done = compromise(database, kek, before["active"].kid)

    assert (None, True) == (done.incident.replaced_by, done.nothing_signs)
    with pytest.raises(NoActiveKey):
        ring_of(database, kek).signer("ES256", NOW)


def test_it_needs_no_key_encryption_key(database: Database, kek: FileKek) -> None:
    """From a shell that has the database alone; the nodes open what takes over with theirs."""
    before = keys(database)
    done = compromise(database, None, before["active"].kid)
    assert before["standby"].kid == done.incident.replaced_by
    assert before["standby"].kid == ring_of(database, kek).signer("ES256", NOW).kid


def test_a_damaged_key_can_be_compromised(database: Database, kek: FileKek) -> None:
    """Its row does not open, and need not."""
    kid = keys(database)["active"].kid
    with database.writing() as connection:
        connection.execute(update(KeyRow).where(KeyRow.kid == kid).values(wrapped=b"\x00", public_jwk={"kty": "EC"}))
    assert not compromise(database, kek, kid).nothing_signs


def test_a_rotation_that_does_not_hold_yet_is_overtaken(database: Database, kek: FileKek) -> None:
    """The key that was about to sign is the leaked one: the standby signs at once, and the old one no longer."""
    activated = rotate(database, kek, NOW - 1)
    standby = keys(database)["standby"].kid
    assert standby == compromise(database, kek, activated).incident.replaced_by
    assert standby == ring_of(database, kek).signer("ES256", NOW).kid


def test_secrets_of_the_service_are_no_signing_keys(database: Database, kek: FileKek) -> None:
    """Nor is a kid that never was."""
    for kid in ("pepper.1", "no-such-key"):
        with pytest.raises(UnknownKey):
            compromise(database, kek, kid)


def test_a_second_person_reviews(database: Database, kek: FileKek) -> None:
    """Never the one who opened it, and once."""
    incident = compromise(database, kek, keys(database)["active"].kid).incident
    with database.writing() as connection, pytest.raises(ReviewedByTheSame):
        review_incident(connection, reference=incident.id, actor=ALICE, entropy=secrets.token_bytes, now=NOW)
    with database.writing() as connection:
        reviewed = review_incident(
            connection, reference=incident.kid, actor=BOB, entropy=secrets.token_bytes, now=NOW + 60
        )
    assert (BOB, NOW + 60, False) == (reviewed.reviewed_by, reviewed.reviewed_at, reviewed.is_overdue(NOW + 10**6))
    with database.writing() as connection, pytest.raises(ClosedAlready, match=BOB):
        review_incident(connection, reference=incident.id, actor=BOB, entropy=secrets.token_bytes, now=NOW)


def test_a_false_alarm_brings_nothing_back(database: Database, kek: FileKek) -> None:
    """The incident is withdrawn; the key stays retired, hints included."""
    incident = compromise(database, kek, keys(database)["active"].kid).incident
    assert incident.is_overdue(NOW + 86_401)
    with database.writing() as connection:
        withdraw_incident(connection, reference=incident.kid, actor=ALICE, entropy=secrets.token_bytes, now=NOW)
    assert KeyState.COMPROMISED is keys(database)["compromised"].state
    with pytest.raises(UnknownKey):
        ring_of(database, kek).public_key(incident.kid, NOW, removed=True)


def test_it_is_in_the_trail(database: Database, kek: FileKek) -> None:
    """Who, which key, why, and what took over."""
    incident = compromise(database, kek, keys(database)["active"].kid).incident
    with database.reading() as connection:
        event = connection.execute(select(EVENTS).where(EVENTS.c.type == "keys.compromised")).one()
    assert (ALICE, NOW, incident.kid, "laptop stolen", incident.replaced_by) == (
        event.actor,
        event.at,
        event.details["kid"],
        event.details["reason"],
        event.details["replaced_by"],
    )
