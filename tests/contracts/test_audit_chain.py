"""The audit trail in its chain, on both databases: sealed by one, verified by anybody, and every change is named."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from idp.acts.checkpoint_audit import checkpoint_audit
from idp.audit import verify, verify_export
from idp.audit.events import Event, EventType, Personal
from idp.audit.models import EVENTS, HEAD, PERSONAL, SEALS
from idp.audit.record import record, record_many
from idp.audit.seal import SETTLED_SECONDS, seal_batch
from idp.audit.verify import Verified, chain_state, verify_trail
from idp.audit.verify_export import GENESIS, Broken, Checkpoint, NotACheckpoint, canonical, link, read_checkpoint
from idp.cli.audit_proof import sealed_lines
from idp.delivery.models import OUTBOX
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.key_rows import add_keys, advance_ring
from idp.storage.prune import prune
from keys.kek import FileKek
from keys.new_records import new_signing_key
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.ring import open_signer
from keys.states import KeyState
from tests.support.racing import at_once

NOW = 1_800_000_000.0
ISSUER = "https://id.example.com"
KEK = FileKek(secrets.token_bytes(32))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty trail."""
    database = Database(open_engine(database_url))
    yield database
    database.engine.dispose()


@pytest.fixture(scope="module")
def key() -> KeyRecord:
    """The key that signs checkpoints."""
    return new_signing_key(
        "Ed25519",
        state=KeyState.ACTIVE,
        kek=KEK,
        epoch=1,
        now=NOW,
        entropy=secrets.token_bytes,
        purpose=Purpose.CHECKPOINTS,
    )


def happen(database: Database, count: int, *, at: float = NOW) -> None:
    """Let so many things happen, of which every third has personal values."""
    with database.writing() as connection:
        for number in range(count):
            personal = Personal(address="203.0.113.7", user_agent="A browser") if number % 3 == 0 else None
            event = Event(
                type=EventType.SIGN_IN_SUCCEEDED,
                at=at + number / 7,
                actor="account:dana",
                account_id="dana",
                details={"number": number, "share": number / 3, "words": ["é", "\u2028", '"']},
                personal=personal,
            )
            record(connection, event, entropy=secrets.token_bytes)


def seal(database: Database, *, now: float = NOW, at_most: int = 1000) -> int:
    """Seal one batch."""
    with database.writing() as connection:
        return seal_batch(connection, now=now, at_most=at_most)


def checkpoint(database: Database, key: KeyRecord, *, now: float = NOW, places: Sequence[str] = ()) -> str | None:
    """Make a checkpoint, if one is due."""
    with database.writing() as connection:
        return checkpoint_audit(
            connection,
            open_signer(key, KEK),
            issuer=ISSUER,
            places=places,
            period=3600,
            entropy=secrets.token_bytes,
            now=now,
        )


def verified(database: Database, *checkpoints: Checkpoint, now: float = NOW) -> Verified:
    """Verify all of it."""
    with database.reading() as connection:
        return verify_trail(connection, checkpoints, now=now)


def public(key: KeyRecord) -> dict[str, str]:
    """The key as an auditor has it."""
    return {**key.public_jwk, "kid": key.kid}


def test_what_happened_is_sealed_and_holds(database: Database) -> None:
    """In batches, and again with nothing to do."""
    happen(database, 25)
    assert [10, 10, 5, 0] == [seal(database, at_most=10) for _ in range(4)]
    found = verified(database)
    assert (25, 0) == (found.events, found.unsealed)
    with database.reading() as connection:
        assert (25, 0, None) == (chain_state(connection).seq, chain_state(connection).unsealed, None)


def test_an_empty_trail_holds(database: Database) -> None:
    """Before anything happened, and before anybody sealed."""
    assert Verified(0, 0, GENESIS.hex(), 0) == verified(database)


def test_several_who_seal_make_one_chain(database: Database) -> None:
    """Each event once, whoever was quicker."""
    happen(database, 60)
    for _ in range(4):
        at_once(4, partial(seal, database, at_most=7))
    while seal(database):
        pass
    assert 60 == verified(database).events


def test_an_event_that_commits_late_is_sealed_late(database: Database) -> None:
    """A smaller id than those that are sealed already; after two minutes no such event can appear."""
    happen(database, 10)
    with database.writing() as connection:
        row = connection.execute(select(EVENTS).where(EVENTS.c.id == 4)).mappings().one()
        connection.execute(delete(EVENTS).where(EVENTS.c.id == 4))
    assert 9 == seal(database)
    with database.writing() as connection:
        connection.execute(insert(EVENTS), dict(row))
    assert 1 == seal(database, now=NOW + SETTLED_SECONDS - 1)
    assert 10 == verified(database).events
    for minutes in range(1, 4):
        seal(database, now=NOW + minutes * (SETTLED_SECONDS + 1))
    with database.reading() as connection:
        assert 10 == connection.execute(select(HEAD.c.floor_id)).scalar_one()
    happen(database, 3)
    assert 3 == seal(database, now=NOW + 10_000)


EDITS = {
    "at": EVENTS.c.at + 1,
    "type": "sign_in.refused",
    "actor": "account:erin",
    "result": "wrong",
    "account_id": "erin",
    "client_id": "app",
    "sid": "sid",
    "reference": "ABCD-1234",
    "details": {"number": 5, "share": 5 / 3, "words": ["e", "\u2028", '"']},
    "personal_hash": b"\x00" * 32,
}


@pytest.mark.parametrize("column", [column.name for column in EVENTS.c if column.name != "id"])
def test_an_edited_event_is_named(database: Database, column: str) -> None:
    """Whichever of its columns it is."""
    happen(database, 10)
    seal(database)
    with database.writing() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.id == 6).values({column: EDITS[column]}))
    with pytest.raises(Broken, match="altered") as broken:
        verified(database)
    assert (6, 6) == (broken.value.seq, broken.value.event_id)


@pytest.mark.parametrize("number", [1, 5, 10])
def test_a_deleted_event_is_named(database: Database, number: int) -> None:
    """The first, one in the middle, the last."""
    happen(database, 10)
    seal(database)
    with database.writing() as connection:
        connection.execute(delete(EVENTS).where(EVENTS.c.id == number))
    with pytest.raises(Broken, match="deleted") as broken:
        verified(database)
    assert (number, number) == (broken.value.seq, broken.value.event_id)


def test_an_event_that_is_deleted_with_its_seal_is_named(database: Database) -> None:
    """The gap in the numbers tells."""
    happen(database, 10)
    seal(database)
    with database.writing() as connection:
        connection.execute(delete(EVENTS).where(EVENTS.c.id == 4))
        connection.execute(delete(SEALS).where(SEALS.c.seq == 4))
    with pytest.raises(Broken, match="seal is missing") as broken:
        verified(database)
    assert 4 == broken.value.seq


def test_two_events_that_were_swapped_are_named(database: Database) -> None:
    """Each under the other's number."""
    happen(database, 10)
    seal(database)
    with database.writing() as connection:
        for before, after in ((3, -3), (7, 3), (-3, 7)):
            connection.execute(update(SEALS).where(SEALS.c.event_id == before).values(event_id=after))
    with pytest.raises(Broken, match="altered") as broken:
        verified(database)
    assert 3 == broken.value.seq


def test_an_event_slipped_in_is_named(database: Database) -> None:
    """It is sealed like any other if it is new; one that lies below and was never sealed is found by its age."""
    happen(database, 10)
    seal(database)
    for minutes in range(1, 4):
        seal(database, now=NOW + minutes * (SETTLED_SECONDS + 1))
    with database.writing() as connection:
        row = connection.execute(select(EVENTS).where(EVENTS.c.id == 5)).mappings().one()
        connection.execute(insert(EVENTS), dict(row) | {"id": -1})
    seal(database, now=NOW + 5000)
    with pytest.raises(Broken, match="unsealed for too long") as broken:
        verified(database, now=NOW + 5000)
    assert -1 == broken.value.event_id


def test_a_cut_end_contradicts_the_head_and_a_head_moved_back_a_checkpoint(database: Database, key: KeyRecord) -> None:
    """Whoever takes the last events away, and everything that speaks of them here, does not reach the mailbox."""
    happen(database, 10)
    seal(database)
    jws = checkpoint(database, key)
    assert jws is not None
    with database.writing() as connection:
        connection.execute(delete(SEALS).where(SEALS.c.seq > 7))
        connection.execute(delete(EVENTS).where(EVENTS.c.id > 7))
    with pytest.raises(Broken, match="head speaks of 10"):
        verified(database)
    with database.writing() as connection:
        last = connection.execute(select(SEALS.c.hash).where(SEALS.c.seq == 7)).scalar_one()
        connection.execute(update(HEAD).values(seq=7, hash=last))
    assert 7 == verified(database).events
    with pytest.raises(Broken, match="witnessed 10 events"):
        verified(database, read_checkpoint(jws, [public(key)]))


def test_a_chain_rewritten_from_end_to_end_contradicts_a_checkpoint(database: Database, key: KeyRecord) -> None:
    """Every hash is right, and not the one that was sent away."""
    happen(database, 10)
    seal(database)
    jws = checkpoint(database, key)
    assert jws is not None
    with database.writing() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.id == 2).values(actor="nobody"))
        connection.execute(delete(SEALS))
        connection.execute(delete(HEAD))
    seal(database)
    assert 10 == verified(database).events
    with pytest.raises(Broken, match="not the one that a checkpoint has witnessed") as broken:
        verified(database, read_checkpoint(jws, [public(key)]))
    assert 10 == broken.value.seq


def test_sealing_goes_on_while_somebody_verifies(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sealed between the end of the walk and the look at the head is no fault."""
    happen(database, 10)
    seal(database)
    walk = verify._sealed  # noqa: SLF001 - the moment between its last statement and the next one is meant

    def overtaken(connection: Connection, *, after: int = -1, last: int | None = None) -> Iterator[Row[Any]]:
        yield from walk(connection, after=after, last=last)
        happen(database, 2)
        seal(database)

    monkeypatch.setattr(verify, "_sealed", overtaken)
    assert verified(database).events in {10, 12}


def test_a_head_that_is_gone_is_named(database: Database) -> None:
    """Without it nobody would say where the chain ends."""
    happen(database, 3)
    seal(database)
    with database.writing() as connection:
        connection.execute(delete(HEAD))
    with pytest.raises(Broken, match="head is gone"):
        verified(database)


@pytest.mark.parametrize("backdated", [-1.0, 0.0, 1.0])
def test_no_later_checkpoint_stands_before_a_received_one(database: Database, backdated: float) -> None:
    """Who rewrites the chain may have the key, too, and sign its end anew, with any time: the two contradict."""
    happen(database, 10)
    seal(database)
    received = Checkpoint(10, verified(database).hash, NOW, ISSUER)
    with database.writing() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.id == 2).values(actor="nobody"))
        connection.execute(delete(SEALS))
        connection.execute(delete(HEAD))
    seal(database)
    forged = Checkpoint(10, verified(database).hash, NOW + backdated, ISSUER)
    for both in ((forged, received), (received, forged)):
        with pytest.raises(Broken, match="not the one that a checkpoint has witnessed"):
            verified(database, *both)
    assert 1 == verified(database, forged, forged).checkpoints


def test_an_export_without_its_beginning_is_named(database: Database, key: KeyRecord, tmp_path: Path) -> None:
    """It begins where nothing was before; the file itself cannot say that it begins elsewhere."""
    happen(database, 12)
    seal(database)
    jws = checkpoint(database, key)
    assert jws is not None
    path = export(database, key, tmp_path)
    first, *lines = path.read_text().splitlines()
    cut = json.loads(first) | {"first_seq": 5, "previous": json.loads(lines[3])["hash"]}
    path.write_text("\n".join([json.dumps(cut), *lines[4:]]))
    with pytest.raises(Broken, match="its seal is missing") as broken:
        verify_export.verify_export(path, [public(key)], [jws])
    assert 1 == broken.value.seq


def test_personal_values_are_forgotten_and_the_proof_stays(database: Database) -> None:
    """After their time, by pruning as it is."""
    happen(database, 10)
    seal(database)
    before = verified(database)
    prune(database, NOW + 400 * 86_400.0)
    with database.reading() as connection:
        assert 0 == connection.execute(select(func.count()).select_from(PERSONAL)).scalar_one()
    assert before == verified(database)


def test_checkpoints_come_when_it_is_time_and_something_happened(database: Database, key: KeyRecord) -> None:
    """Hourly, once, and to each place."""
    happen(database, 3)
    assert checkpoint(database, key) is None
    seal(database)
    places = ["mailto:audit@example.com", "file:/tmp/never"]
    assert checkpoint(database, key, places=places) is not None
    happen(database, 3)
    seal(database)
    assert checkpoint(database, key, now=NOW + 3599) is None
    assert [6, None] == [
        None if jws is None else read_checkpoint(jws, [public(key)]).seq
        for jws in (checkpoint(database, key, now=NOW + 3600), checkpoint(database, key, now=NOW + 7201))
    ]
    with database.reading() as connection:
        mails = connection.execute(select(OUTBOX.c.recipient, OUTBOX.c.kind)).all()
        assert [("audit@example.com", "audit_checkpoint")] == [tuple(mail) for mail in mails]
        assert 1 == chain_state(connection).unsent


def test_a_checkpoint_of_another_key_is_none(key: KeyRecord, database: Database) -> None:
    """Nor is any other JWS, or an altered one."""
    happen(database, 1)
    seal(database)
    jws = checkpoint(database, key)
    assert jws is not None
    other = {**public(key), "x": public(key)["x"][::-1]}
    header, payload, signature = jws.split(".")
    for text, keys in (
        (jws, [other]),
        (jws, [{**public(key), "kid": "another"}]),
        (f"{header}.{payload[:-2]}AA.{signature}", [public(key)]),
        (f"eyJhbGciOiJub25lIn0.{payload}.", [public(key)]),
    ):
        with pytest.raises(NotACheckpoint):
            read_checkpoint(text, keys)


def export(database: Database, key: KeyRecord, folder: Path) -> Path:
    """Write a sealed export, as the command does."""
    with database.writing() as connection:
        advance_ring(connection, seen=0)
        add_keys(connection, [key])
    path = folder / "trail.jsonl"
    with database.reading() as connection:
        path.write_text("".join(f"{line}\n" for line in sealed_lines(connection, issuer=ISSUER)))
    (folder / "key.json").write_text(json.dumps({"keys": [public(key)]}))
    return path


def run_alone(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the program by itself: outside the project, isolated from it."""
    program = folder / "verify.py"
    program.write_bytes(Path(verify_export.__file__).read_bytes())
    ran = subprocess.run(
        [sys.executable, "-I", str(program), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout


def test_a_third_party_verifies_an_export(database: Database, key: KeyRecord, tmp_path: Path) -> None:
    """With one file and the key that it was given; a change is named there, too."""
    happen(database, 12)
    seal(database)
    jws = checkpoint(database, key)
    path = export(database, key, tmp_path)
    (tmp_path / "mail.txt").write_text(f"Keep this.\n\n{jws}\n")
    given = [path.name, "--key", "key.json", "--checkpoint", "mail.txt"]
    assert (0, "12 events hold, 1 checkpoints agree, by the key that was given.\n") == run_alone(tmp_path, *given)
    assert "proves nothing" in run_alone(tmp_path, path.name)[1]

    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:7], lines[7].replace("account:dana", "account:erin"), *lines[8:]]))
    code, said = run_alone(tmp_path, *given)
    assert (1, True) == (code, said.startswith("BROKEN at number 7, event 7: the event, or its seal, was altered"))
    path.write_text("\n".join(line for line in lines[:11] if "checkpoint" not in line))
    code, said = run_alone(tmp_path, *given)
    assert (1, True) == (code, "a checkpoint has witnessed 12 events" in said)
    (tmp_path / "trail.jsonl").write_text("{}")
    assert (1, True) == (code, run_alone(tmp_path, *given)[1].startswith("CANNOT BE VERIFIED"))


def test_a_long_chain_is_followed_in_pages(database: Database) -> None:
    """Five thousand events of machines, as they come by COPY."""
    events = [Event(type=EventType.TOKEN_ISSUED, at=NOW + n, actor="client:app", client_id="app") for n in range(5000)]
    with database.writing() as connection:
        record_many(connection, events, entropy=secrets.token_bytes)
    while seal(database):
        pass
    assert 5000 == verified(database).events


def test_the_form_that_is_hashed_is_fixed() -> None:
    """A vector: whoever writes another verifier can hold it against this."""
    event = {"id": 1, "at": 1_800_000_000.25, "type": "sign_in.succeeded", "details": {"b": [1, "é"], "a": None}}
    assert (
        b'{"at":1800000000.25,"details":{"a":null,"b":[1,"\\u00e9"]},"id":1,"type":"sign_in.succeeded"}'
        == canonical(event)
    )
    assert "ffd56ef9a45e19bc7f8e03638f7fdc3a1b1fc6cfb38d4d5f244af44beab2673c" == link(GENESIS, 1, event).hex()
