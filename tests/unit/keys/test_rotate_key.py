"""Rotation, as an act."""

import json
import multiprocessing
import secrets
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from idp.acts.initialise_keys import initialise_keys
from idp.acts.rotate_key import Rotation, rotate_key
from idp.audit.models import EVENTS
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.key_models import KeyRow
from idp.storage.key_rows import load_ring, read_ring
from idp.storage.revisions import read_revisions
from keys.compact import encode, verify
from keys.errors import KeyDamaged, NothingStaged, SecretMissing, UnsupportedAlgorithm, WrongKek
from keys.kek import FileKek
from keys.kek_source import file_source
from keys.ring import KeyRing
from keys.rotation import keys_of
from tests.support.clock import SettableClock
from tests.support.racing import at_once
from tests.unit.keys.conftest import NOBODY, NOW


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database with keys for two algorithms."""
    database = Database(open_engine(database_url))
    initialise_keys(
        database,
        file_source(tmp_path / "kek"),
        algorithms=("ES256", "Ed25519"),
        actor="cli:root@host",
        now=NOW - 1000,
        entropy=secrets.token_bytes,
    )
    yield database
    database.engine.dispose()


@pytest.fixture
def kek(database: Database, tmp_path: Path) -> FileKek:
    """The KEK of that database."""
    return FileKek.load(tmp_path / "kek")


def rotate(database: Database, kek: FileKek, *, now: float = NOW, algorithm: str = "ES256") -> Rotation:
    """The act."""
    return rotate_key(
        database,
        kek,
        algorithm=algorithm,
        pick_up=NOBODY,
        actor="cli:root@host",
        clock=SettableClock(now),
        entropy=secrets.token_bytes,
    )


def ring_of(database: Database, kek: FileKek) -> KeyRing:
    """The ring that a process loads now."""
    with database.reading() as connection:
        return load_ring(connection, kek)


def states(database: Database, algorithm: str = "ES256") -> dict[str, str]:
    """The state of each key that signs tokens with an algorithm."""
    with database.reading() as connection:
        keys = keys_of(read_ring(connection).records, algorithm=algorithm)
    return {key.kid: key.state.value for key in keys}


def test_the_staged_key_takes_over(database: Database, kek: FileKek) -> None:
    """Staged becomes active, active retiring, a new one is staged; standby and the other algorithm are left alone."""
    before, others = states(database), states(database, "Ed25519")

    rotation = rotate(database, kek)

    by_state = {state: kid for kid, state in before.items()}
    assert (by_state["staged"], by_state["active"]) == (rotation.activated, rotation.retired)
    assert {
        by_state["active"]: "retiring",
        by_state["staged"]: "active",
        by_state["standby"]: "standby",
        rotation.staged: "staged",
    } == states(database)
    assert others == states(database, "Ed25519")


def test_the_change_holds_three_seconds_later(database: Database, kek: FileKek) -> None:
    """Until then every process signs with the old key, whether it has read the change or not."""
    stale = ring_of(database, kek)
    rotation = rotate(database, kek)
    fresh = ring_of(database, kek)

    assert NOW + 3 == rotation.effective_at
    assert {rotation.retired} == {ring.signer("ES256", NOW + 2.9).kid for ring in (stale, fresh)}
    assert rotation.activated == fresh.signer("ES256", NOW + 3).kid


def test_no_token_fails_on_the_way(database: Database, kek: FileKek) -> None:
    """What any process signs around a rotation verifies with what any other has published (ten cycles)."""
    for cycle in range(10):
        now = NOW + 1000 * cycle
        before = ring_of(database, kek)
        rotate(database, kek, now=now)
        after = ring_of(database, kek)
        for signing in (before, after):
            for at in (now, now + 2.9, now + 3, now + 60):
                token = encode(signing.signer("ES256", at), typ="JWT", claims={"cycle": cycle})
                for verifying in (before, after):
                    assert {"cycle": cycle} == verify(verifying, token, typ="JWT", now=at)


def test_the_next_key_was_published_before_it_signs(database: Database, kek: FileKek) -> None:
    """What becomes active is in the JWKS that relying parties already hold."""
    held = {key["kid"] for key in json.loads(ring_of(database, kek).jwks(NOW).body)["keys"]}

    assert rotate(database, kek).activated in held


def test_a_second_rotation_before_the_first_holds_is_the_same_one(database: Database, kek: FileKek) -> None:
    """Two people who press the button within three seconds have rotated once."""
    first = rotate(database, kek)
    second = rotate(database, kek, now=NOW + 2)

    assert asdict(first) | {"staged": None, "by_another": True} == asdict(second)
    assert 4 == len(states(database))


def test_a_rotation_after_that_is_a_new_one(database: Database, kek: FileKek) -> None:
    """The key staged by the first is activated by the second."""
    first = rotate(database, kek)
    second = rotate(database, kek, now=NOW + 3)

    assert (first.staged, first.activated, False) == (second.activated, second.retired, second.by_another)


def test_all_processes_are_told(database: Database, kek: FileKek) -> None:
    """Epoch and revision move on by one."""
    rotate(database, kek)

    with database.reading() as connection:
        assert (2, 2) == (read_ring(connection).epoch, read_revisions(connection)["keys"])


def test_it_is_recorded(database: Database, kek: FileKek) -> None:
    """Who rotated, from what to what, from when on."""
    rotation = rotate(database, kek)

    with database.reading() as connection:
        event = connection.execute(select(EVENTS).where(EVENTS.c.type == "keys.rotated")).one()
    assert ("cli:root@host", NOW, asdict(rotation)) == (event.actor, event.at, event.details)


def test_a_staged_key_that_is_damaged_is_found_before(database: Database, kek: FileKek) -> None:
    """The self-test fails, nothing changes, the old key signs on."""
    with database.writing() as connection:
        connection.execute(update(KeyRow).where(KeyRow.state == "staged").values(wrapped=b"\x01\x00\x00"))
    before = states(database)

    with pytest.raises(KeyDamaged, match="restore it from backup"):
        rotate(database, kek)

    assert before == states(database)
    assert "active" == before[ring_of(database, kek).signer("ES256", NOW + 10).kid]


def test_a_wrong_kek_changes_nothing(database: Database) -> None:
    """It is named before a key is made."""
    before = states(database)

    with pytest.raises(WrongKek):
        rotate(database, FileKek(secrets.token_bytes(32)))
    assert before == states(database)


def test_without_a_staged_key_the_command_is_named(database: Database, kek: FileKek) -> None:
    """Nothing is activated that nobody has published."""
    with database.writing() as connection:
        connection.execute(delete(KeyRow).where(KeyRow.state == "staged"))

    with pytest.raises(NothingStaged, match="idp keys init"):
        rotate(database, kek)


def test_what_there_is_no_key_for_is_refused(database: Database, kek: FileKek) -> None:
    """Foreign algorithms, and algorithms not in use."""
    with pytest.raises(UnsupportedAlgorithm):
        rotate(database, kek, algorithm="none")
    with pytest.raises(NothingStaged):
        rotate(database, kek, algorithm="RS256")


def test_without_a_ring_the_command_is_named(database: Database, kek: FileKek) -> None:
    """A database without keys has nothing to rotate."""
    with database.writing() as connection:
        connection.execute(delete(KeyRow))

    with pytest.raises(SecretMissing, match="idp keys init"):
        rotate(database, kek)


def test_an_algorithm_without_a_signer_gets_one(database: Database, kek: FileKek) -> None:
    """After a compromise the staged key can be put into service; nothing is there to retire."""
    with database.writing() as connection:
        connection.execute(
            update(KeyRow).where(KeyRow.state == "active", KeyRow.algorithm == "ES256").values(state="compromised")
        )

    rotation = rotate(database, kek)

    assert rotation.retired is None
    assert rotation.activated == ring_of(database, kek).signer("ES256", NOW + 3).kid


def test_the_longest_staged_key_goes_first(database: Database, kek: FileKek) -> None:
    """Of two that wait, the one that relying parties have had longer."""
    rotation = rotate(database, kek)
    with database.writing() as connection:
        connection.execute(update(KeyRow).where(KeyRow.kid == rotation.retired).values(state="staged", staged_at=1.0))

    assert rotation.retired == rotate(database, kek, now=NOW + 100).activated


def test_several_threads_at_once_rotate_once(database: Database, kek: FileKek) -> None:
    """Of four, one carries it out and all report the same; five times over (F25)."""
    for attempt in range(1, 6):
        outcomes = at_once(4, partial(rotate, database, kek, now=NOW + 1000 * attempt))

        assert 1 == len({(done.activated, done.retired, done.effective_at, done.epoch) for done in outcomes})
        assert [False, True, True, True] == sorted(done.by_another for done in outcomes)
        assert ["active", *["retiring"] * attempt, "staged", "standby"] == sorted(states(database).values())


def test_rotations_of_different_algorithms_do_not_hinder_each_other(database: Database, kek: FileKek) -> None:
    """Both are carried out, one after the other."""
    algorithms = iter(("ES256", "Ed25519"))

    outcomes = at_once(2, lambda: rotate(database, kek, algorithm=next(algorithms)))

    assert ([2, 3], {False}) == (sorted(done.epoch for done in outcomes), {done.by_another for done in outcomes})


def rotate_in_process(url: str, kek: Path) -> str:
    """What another process does: open everything anew and rotate."""
    database = Database(open_engine(url))
    rotation = rotate(database, FileKek.load(kek))
    database.engine.dispose()
    return rotation.activated


def test_two_processes_at_once_rotate_once(database_url: str, database: Database, tmp_path: Path) -> None:
    """The same between real processes."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        activated = list(pool.map(partial(rotate_in_process, kek=tmp_path / "kek"), [database_url] * 2))

    assert 1 == len(set(activated))
    assert ["active", "retiring", "staged", "standby"] == sorted(states(database).values())
