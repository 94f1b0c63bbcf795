"""Verify the trail where it lies: every event against its seal, the chain against its head and its checkpoints.

In pages, so that memory stays flat. What is found first is named; the tables are only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from idp.audit.models import CHECKPOINTS, EVENTS, HEAD, SEALS
from idp.audit.seal import sealed_form
from idp.audit.verify_export import Broken, Chain, Checkpoint

PAGE = 2000
SEALED_WITHIN_SECONDS = 120.0
"""How long an event may lie unsealed; an older one was slipped in, or nobody seals."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found to hold: so many events, up to this hash; `unsealed` lie behind it and are younger."""

    events: int
    checkpoints: int
    hash: str
    unsealed: int


@dataclass(frozen=True, slots=True)
class ChainState:
    """How the chain stands, at a glance: nothing of it is verified here."""

    seq: int
    sealed_at: float | None
    unsealed: int
    oldest_unsealed_at: float | None
    checkpoint_seq: int | None
    checkpoint_at: float | None
    unsent: int


def verify_trail(connection: Connection, checkpoints: Iterable[Checkpoint], *, now: float) -> Verified:
    """Verify all of it, against the checkpoints that are given.

    Raises:
        Broken: the first fault.
    """
    chain = Chain(checkpoints)
    _follow(chain, _sealed(connection))
    _meet_head(connection, chain)
    chain.end()
    unsealed = connection.execute(_unsealed_facts()).one()
    if unsealed.oldest_at is not None and now - unsealed.oldest_at > SEALED_WITHIN_SECONDS:
        raise Broken(chain.seq + 1, unsealed.first_id, "an event lies unsealed for too long: is `idp worker` running?")
    return Verified(chain.seq, chain.witnessed, chain.hash.hex(), unsealed.number)


def _follow(chain: Chain, rows: Iterable[Row[Any]]) -> None:
    for row in rows:
        event = None if row.id is None else sealed_form(row)
        chain.take(row.seq, row.hash.hex(), event, event_id=row.event_id)


def _meet_head(connection: Connection, chain: Chain) -> None:
    """Compare the end with the head. Sealing goes on meanwhile: what it has added since is followed up to the head.

    Raises:
        Broken: they differ, or the head is gone.
    """
    head = connection.execute(select(HEAD)).one_or_none()
    if head is None:
        if chain.seq:
            raise Broken(chain.seq + 1, None, "the chain's head is gone")
        return
    _follow(chain, _sealed(connection, after=chain.seq, last=head.seq))
    if (head.seq, head.hash) != (chain.seq, chain.hash):
        raise Broken(min(head.seq, chain.seq) + 1, None, f"the chain's head speaks of {head.seq} events")


def chain_state(connection: Connection) -> ChainState:
    """Say how sealing and checkpoints stand, for the check-up, the metrics and the console."""
    head = connection.execute(select(HEAD)).one_or_none()
    latest = select(CHECKPOINTS.c.seq, CHECKPOINTS.c.at, CHECKPOINTS.c.pending).order_by(CHECKPOINTS.c.seq.desc())
    rows = connection.execute(latest.limit(100)).all()
    unsealed = connection.execute(_unsealed_facts(head.floor_id if head else 0)).one()
    return ChainState(
        seq=head.seq if head else 0,
        sealed_at=head.sealed_at if head else None,
        unsealed=unsealed.number,
        oldest_unsealed_at=unsealed.oldest_at,
        checkpoint_seq=rows[0].seq if rows else None,
        checkpoint_at=rows[0].at if rows else None,
        unsent=sum(bool(row.pending) for row in rows),
    )


def sealed_events(connection: Connection) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Give number, hash and event of each sealed event, in the chain's order."""
    for row in _sealed(connection):
        if row.id is not None:
            yield row.seq, row.hash.hex(), sealed_form(row)


def _sealed(connection: Connection, *, after: int = -1, last: int | None = None) -> Iterator[Row[Any]]:
    joined = SEALS.outerjoin(EVENTS, EVENTS.c.id == SEALS.c.event_id)
    question = select(SEALS.c.seq, SEALS.c.event_id, SEALS.c.hash, *EVENTS.c).select_from(joined)
    if last is not None:
        question = question.where(SEALS.c.seq <= last)
    while page := connection.execute(question.where(SEALS.c.seq > after).order_by(SEALS.c.seq).limit(PAGE)).all():
        yield from page
        after = page[-1].seq


def _unsealed_facts(above: int | None = None) -> Any:  # noqa: ANN401 - a select of aggregates
    joined = EVENTS.outerjoin(SEALS, SEALS.c.event_id == EVENTS.c.id)
    columns = (
        func.count().label("number"),
        func.min(EVENTS.c.at).label("oldest_at"),
        func.min(EVENTS.c.id).label("first_id"),
    )
    question = select(*columns).select_from(joined).where(SEALS.c.seq.is_(None))
    return question if above is None else question.where(EVENTS.c.id > above)
