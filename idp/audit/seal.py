"""Seal events into the hash chain, in batches, behind everybody's back: nobody who signs in waits for it.

Invariant: one chain. Whoever seals holds the row of the chain's head for the transaction; another one goes away and
comes back. An event is never changed by it, and each is sealed once (its id is unique among the seals). Events commit
out of the order of their ids, so those of the last minutes are looked through again until no smaller id can appear.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from idp.audit.models import EVENTS, HEAD, SEALS
from idp.audit.verify_export import GENESIS, link

BATCH = 1000
SETTLED_SECONDS = 120.0
"""After so long no transaction can still bring an event with a smaller id: they end within seconds."""

HEAD_ID = 1


def seal_batch(connection: Connection, *, now: float, at_most: int = BATCH) -> int:
    """Seal so many of the events that are not sealed yet, in the order of their ids; gives how many.

    None are sealed while another process holds the chain.
    """
    head = _held_head(connection, now)
    if head is None:
        return 0
    events = connection.execute(_unsealed(head.floor_id, at_most)).all()
    seq, previous, seals = head.seq, head.hash, []
    for event in events:
        seq += 1
        previous = link(previous, seq, sealed_form(event))
        seals.append({"seq": seq, "event_id": event.id, "hash": previous})
    if seals:
        connection.execute(insert(SEALS), seals)
    _move_head(connection, head, seq=seq, hash=previous, caught_up=len(events) < at_most, now=now)
    return len(seals)


def is_anything_unsealed(connection: Connection) -> bool:
    """Say whether there is work: most of the times there is none, and looking writes nothing."""
    floor = select(HEAD.c.floor_id).where(HEAD.c.id == HEAD_ID).scalar_subquery()
    joined = EVENTS.outerjoin(SEALS, SEALS.c.event_id == EVENTS.c.id)
    unsealed = (EVENTS.c.id > func.coalesce(floor, 0), SEALS.c.seq.is_(None))
    return connection.execute(select(EVENTS.c.id).select_from(joined).where(*unsealed).limit(1)).first() is not None


def sealed_form(event: Row[Any]) -> dict[str, Any]:
    """Give an event's row as it is hashed and exported: every column, the personal values by their hash alone."""
    return {
        "id": event.id,
        "at": event.at,
        "type": event.type,
        "actor": event.actor,
        "result": event.result,
        "account_id": event.account_id,
        "client_id": event.client_id,
        "sid": event.sid,
        "reference": event.reference,
        "details": dict(event.details),
        "personal_hash": None if event.personal_hash is None else event.personal_hash.hex(),
    }


def _held_head(connection: Connection, now: float) -> Row[Any] | None:
    """Have the head for this transaction, made if there is none yet; None when somebody else has it."""
    held = select(HEAD).where(HEAD.c.id == HEAD_ID).with_for_update(skip_locked=True)
    head = connection.execute(held).one_or_none()
    if head is not None or connection.execute(select(HEAD.c.id)).one_or_none() is not None:
        return head
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = {"id": HEAD_ID, "seq": 0, "hash": GENESIS, "sealed_at": now}
    first |= {"floor_id": 0, "next_floor_id": 0, "next_floor_at": now}
    connection.execute(dialect.insert(HEAD).values(first).on_conflict_do_nothing())
    return connection.execute(held).one_or_none()


def _unsealed(floor_id: int, at_most: int) -> Select[Any]:
    joined = EVENTS.outerjoin(SEALS, SEALS.c.event_id == EVENTS.c.id)
    missing = (EVENTS.c.id > floor_id, SEALS.c.seq.is_(None))
    return select(EVENTS).select_from(joined).where(*missing).order_by(EVENTS.c.id).limit(at_most)


def _move_head(connection: Connection, head: Row[Any], *, seq: int, hash: bytes, caught_up: bool, now: float) -> None:
    """Move the head on, and the floor where all that lies below it is sealed: nothing waits, and nothing can come."""
    values: dict[str, Any] = {"seq": seq, "hash": hash, "sealed_at": now}
    if caught_up and now - head.next_floor_at > SETTLED_SECONDS:
        newest = _newest_sealed(connection)
        values |= {"floor_id": head.next_floor_id, "next_floor_id": newest, "next_floor_at": now}
    connection.execute(update(HEAD).where(HEAD.c.id == HEAD_ID).values(values))


def _newest_sealed(connection: Connection) -> int:
    newest = select(SEALS.c.event_id).order_by(SEALS.c.event_id.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none() or 0
