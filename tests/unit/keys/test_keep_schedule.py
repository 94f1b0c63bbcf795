"""The schedule, carried out on real rows."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from idp.acts.initialise_keys import initialise_keys
from idp.acts.keep_schedule import keep_schedule
from idp.audit.models import EVENTS
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.key_models import KeyRow
from idp.storage.key_rows import load_ring, read_ring
from keys.compact import encode, verify
from keys.kek import FileKek
from keys.kek_source import file_source
from keys.purposes import Purpose
from keys.ring import KeyRing
from keys.schedule import Step
from keys.timetable import DAY, Timetable
from tests.support.clock import SettableClock
from tests.support.racing import at_once
from tests.unit.keys.conftest import NOBODY, NOW

ALGORITHMS = ("ES256", "Ed25519")


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database with keys for two algorithms."""
    database = Database(open_engine(database_url))
    initialise_keys(
        database,
        file_source(tmp_path / "kek"),
        algorithms=ALGORITHMS,
        actor="test",
        now=NOW,
        entropy=secrets.token_bytes,
    )
    yield database
    database.engine.dispose()


@pytest.fixture
def kek(database: Database, tmp_path: Path) -> FileKek:
    """The KEK of that database."""
    return FileKek.load(tmp_path / "kek")


def keep(database: Database, kek: FileKek, now: float) -> tuple[Step, ...]:
    """One turn of the housekeeper."""
    return keep_schedule(
        database,
        kek,
        Timetable(),
        algorithms=ALGORITHMS,
        pick_up=NOBODY,
        clock=SettableClock(now),
        entropy=secrets.token_bytes,
    )


def states(database: Database, algorithm: str = "ES256") -> list[str]:
    """The states of the keys of an algorithm, in order."""
    with database.reading() as connection:
        records = read_ring(connection).records
    return sorted(key.state.value for key in records if key.algorithm == algorithm and key.purpose == Purpose.TOKENS)


def ring_of(database: Database, kek: FileKek) -> KeyRing:
    """The ring that a process loads now."""
    with database.reading() as connection:
        return load_ring(connection, kek)


def test_two_years_pass_by_themselves(database: Database, kek: FileKek) -> None:
    """Each rotation goes to a key that the JWKS has held for fourteen days, and each old key leaves in time."""
    first_seen: dict[str, float] = {}
    signers: list[str] = []
    for day in range(0, 730, 5):
        now = NOW + day * DAY
        keep(database, kek, now)
        ring = ring_of(database, kek)
        for key in json.loads(ring.jwks(now).body)["keys"]:
            first_seen.setdefault(key["kid"], now)
        kid = ring.signer("ES256", now + 4).kid
        if kid not in signers:
            signers.append(kid)
            assert day == 0 or first_seen[kid] <= now - 14 * DAY
    assert 8 == len(signers)
    assert ["active", *["removed"] * 7, "staged", "standby"] == states(database)


def test_a_turn_with_nothing_due_writes_nothing(database: Database, kek: FileKek) -> None:
    """Most of the turns."""
    with database.reading() as connection:
        before = read_ring(connection).epoch
    assert () == keep(database, kek, NOW + DAY)
    with database.reading() as connection:
        assert before == read_ring(connection).epoch


def test_many_turns_at_once_are_one(database: Database, kek: FileKek) -> None:
    """Four nodes at the same instant: one rotation of each algorithm, one new key each (F25)."""
    done = at_once(4, partial(keep, database, kek, NOW + 90 * DAY))
    assert ["active", "retiring", "staged", "standby"] == states(database)
    assert ["active", "retiring", "staged", "standby"] == states(database, "Ed25519")
    assert 2 <= len({(step.kind, step.algorithm) for steps in done for step in steps})


@pytest.mark.parametrize("stop_after", [0, 1, 2, 3])
def test_a_stop_between_two_steps_is_gone_on_from(
    database: Database, kek: FileKek, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    """Wherever the worker is killed: what was written holds, what was not is done by the next turn (F26, K08)."""
    at, writes, writing = NOW + 90 * DAY, count(1), Database.writing

    def counted(self: Database) -> AbstractContextManager[Connection]:
        if next(writes) > stop_after:
            raise KeyboardInterrupt
        return writing(self)

    with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
        patched.setattr(Database, "writing", counted)
        keep(database, kek, at)
    for algorithm in ALGORITHMS:
        held = states(database, algorithm)
        assert (1, 1, 1) == tuple(held.count(state) for state in ("active", "staged", "standby"))
    keep(database, kek, at)
    for algorithm in ALGORITHMS:
        assert ["active", "retiring", "staged", "standby"] == states(database, algorithm)


def test_a_staged_key_that_does_not_open_leaves_the_old_one_signing(
    database: Database, kek: FileKek, caplog: pytest.LogCaptureFixture
) -> None:
    """The fault is told at every turn, and the other algorithm rotates all the same."""
    with database.writing() as connection:
        damaged = update(KeyRow).where(KeyRow.state == "staged", KeyRow.algorithm == "ES256").values(wrapped=b"\x01")
        connection.execute(damaged)
    now = NOW + 90 * DAY
    with caplog.at_level("ERROR", logger="idp.keys"):
        done = keep(database, kek, now)
    assert ["Ed25519"] == [step.algorithm for step in done]
    assert "restore it from backup" in caplog.text
    ring = ring_of(database, kek)
    token = encode(ring.signer("ES256", now + 60), typ="JWT", claims={"sub": "dana"})
    assert {"sub": "dana"} == verify(ring, token, typ="JWT", now=now + 60)


def test_each_step_is_in_the_trail_as_the_workers(database: Database, kek: FileKek) -> None:
    """What happened by itself can be told from what people did."""
    keep(database, kek, NOW + 90 * DAY)
    keep(database, kek, NOW + 90 * DAY + 4 + 14 * DAY)
    with database.reading() as connection:
        events = connection.execute(select(EVENTS.c.type, EVENTS.c.details).where(EVENTS.c.actor == "worker")).all()
    assert ["keys.changed"] * 2 + ["keys.rotated"] * 2 == sorted(event.type for event in events)
    assert {("retiring", "removed")} == {
        (event.details["from"], event.details["state"]) for event in events if event.type == "keys.changed"
    }


def test_a_removed_key_still_opens_hints(database: Database, kek: FileKek) -> None:
    """Its public part stays known: an ID token of long ago still ends a session (K07)."""
    old = encode(ring_of(database, kek).signer("ES256", NOW), typ="JWT", claims={"sub": "dana"})
    for day in (90, 105):
        keep(database, kek, NOW + day * DAY)
    ring, now = ring_of(database, kek), NOW + 106 * DAY
    assert {"sub": "dana"} == verify(ring, old, typ="JWT", now=now, removed=True)
