"""The outbox: put a message in, take one out for yourself, and say how that went.

A message is claimed in a short transaction of its own (FOR UPDATE SKIP LOCKED, on SQLite BEGIN IMMEDIATE) and its claim
is a lease: no transaction is open while a server is spoken to, and what a killed worker held comes free by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Update, func, insert, select, update

from idp.delivery.models import OUTBOX
from idp.delivery.policy import LEASE, Outcome, Tries, next_try
from idp.storage.handles import Entropy, new_id

WAITING, SENT, UNNEEDED, PARKED = "waiting", "sent", "unneeded", "parked"
MAX_PROBLEM = 160
_C = OUTBOX.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A message that this worker has for itself under `claim`; instants are seconds since the epoch."""

    id: str
    kind: str
    recipient: str | None
    language: str
    payload: Mapping[str, Any]
    created_at: float
    claim: str
    tries: Tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How the outbox stands; `oldest_seconds` is how long the oldest waiting message has been waiting."""

    waiting: int
    oldest_seconds: float
    parked: int


def enqueue(
    connection: Connection,
    *,
    kind: str,
    recipient: str | None,
    language: str,
    payload: Mapping[str, Any],
    worth_seconds: float,
    entropy: Entropy,
    now: float,
) -> str:
    """Put a message in, inside the transaction of what it tells about; gives its id.

    `worth_seconds` is how long it is worth sending.
    """
    message_id = new_id(entropy)
    row = {
        "id": message_id,
        "kind": kind,
        "recipient": recipient,
        "language": language,
        "payload": dict(payload),
        "created_at": now,
        "due_at": now,
        "give_up_at": now + worth_seconds,
        "state": WAITING,
        "attempts": 0,
        "doubts": 0,
        "faults": 0,
    }
    connection.execute(insert(OUTBOX).values(row))
    return message_id


def is_anything_due(connection: Connection, *, now: float) -> bool:
    """Say whether a message waits for its turn."""
    due = select(_C.id).where(_C.state == WAITING, _C.due_at <= now).limit(1)
    return connection.execute(due).first() is not None


def claim_next(connection: Connection, *, entropy: Entropy, now: float) -> Queued | None:
    """Have the message that is due longest for yourself, for the length of a lease; None when nothing is due."""
    due = (
        select(_C.id)
        .where(_C.state == WAITING, _C.due_at <= now)
        .order_by(_C.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    message_id = connection.execute(due).scalar_one_or_none()
    if message_id is None:
        return None
    claim = new_id(entropy)
    taken = (
        update(OUTBOX)
        .where(_C.id == message_id, _C.state == WAITING)
        .values(claim=claim, due_at=now + LEASE, attempts=_C.attempts + 1)
        .returning(*OUTBOX.c)
    )
    row = connection.execute(taken).one()
    tries = Tries(attempts=row.attempts, doubts=row.doubts, faults=row.faults, give_up_at=row.give_up_at)
    return Queued(
        id=row.id,
        kind=row.kind,
        recipient=row.recipient,
        language=row.language,
        payload=row.payload,
        created_at=row.created_at,
        claim=claim,
        tries=tries,
    )


def settle(connection: Connection, message: Queued, *, sent: bool, now: float) -> None:
    """Say that a message is done with: sent, or needed by nobody any more."""
    state = SENT if sent else UNNEEDED
    connection.execute(_of(message).values(state=state, settled_at=now, claim=None, last_problem=None))


def drop_waiting(connection: Connection, *, now: float) -> int:
    """Settle every message that waits as needed by nobody, and count them."""
    dropped = update(OUTBOX).where(_C.state == WAITING)
    return connection.execute(dropped.values(state=UNNEEDED, settled_at=now, claim=None)).rowcount


def note_failure(
    connection: Connection, message: Queued, outcome: Outcome, *, problem: str, chance: float, now: float
) -> bool:
    """Say that a try failed, and why; gives whether the message was parked."""
    tries = Tries(
        attempts=message.tries.attempts,
        doubts=message.tries.doubts + (outcome is Outcome.DOUBTFUL),
        faults=message.tries.faults + (outcome is Outcome.FAULT),
        give_up_at=message.tries.give_up_at,
    )
    due_at = next_try(outcome, tries, chance=chance, now=now)
    values: dict[str, Any] = {"claim": None, "last_problem": problem[:MAX_PROBLEM]}
    values |= {"doubts": tries.doubts, "faults": tries.faults}
    values |= {"state": PARKED, "settled_at": now} if due_at is None else {"due_at": due_at}
    connection.execute(_of(message).values(values))
    return due_at is None


def backlog(connection: Connection, *, now: float) -> Backlog:
    """Read how the outbox stands; five minutes of waiting are an alarm (F16)."""
    counted = connection.execute(
        select(_C.state, func.count().label("messages"), func.min(_C.created_at).label("since"))
        .where(_C.state.in_((WAITING, PARKED)))
        .group_by(_C.state)
    )
    rows = {row.state: row for row in counted}
    waiting, parked = rows.get(WAITING), rows.get(PARKED)
    return Backlog(
        waiting=waiting.messages if waiting else 0,
        oldest_seconds=max(0.0, now - waiting.since) if waiting else 0.0,
        parked=parked.messages if parked else 0,
    )


def _of(message: Queued) -> Update:
    """Only whoever still has the message may write about it: a lease that has run out belongs to somebody else."""
    return update(OUTBOX).where(_C.id == message.id, _C.claim == message.claim)
