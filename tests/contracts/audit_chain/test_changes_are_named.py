"""Whatever is changed in a sealed trail is named, on both databases: edited, deleted, moved, cut off (F32)."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, update

from idp.audit.models import EVENTS, HEAD, SEALS
from idp.audit.seal import SETTLED_SECONDS
from idp.audit.verify_export import Broken, Checkpoint, read_checkpoint
from idp.storage.database import Database
from keys.records import KeyRecord
from tests.support.audit_chain import ISSUER, NOW, checkpoint, happen, public, seal, verified

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
