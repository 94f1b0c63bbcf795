"""Read the trail in order: its end, what follows an event, and the whole of a period, in pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from idp.audit.events import RecordedEvent
from idp.audit.models import EVENTS
from idp.audit.read import recorded, with_personal

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events are wanted: all that have every value given; `type` may end in a dot (sign_in. means all of them).

    `since` and `until` are instants; until itself is left out.
    """

    account_id: str | None = None
    client_id: str | None = None
    type: str | None = None
    since: float | None = None
    until: float | None = None


def latest_events(connection: Connection, wanted: Wanted, *, count: int) -> list[RecordedEvent]:
    """Give the last so many events, oldest first."""
    rows = connection.execute(with_personal().where(*_conditions(wanted)).order_by(EVENTS.c.id.desc()).limit(count))
    return [recorded(row) for row in rows][::-1]


def events_after(connection: Connection, wanted: Wanted, *, after: int, count: int = PAGE) -> list[RecordedEvent]:
    """Give the events that follow the one with this id, oldest first, so many at most."""
    conditions = (EVENTS.c.id > after, *_conditions(wanted))
    rows = connection.execute(with_personal().where(*conditions).order_by(EVENTS.c.id).limit(count))
    return [recorded(row) for row in rows]


def all_events(connection: Connection, wanted: Wanted) -> Iterator[RecordedEvent]:
    """Give every wanted event, oldest first, reading a page at a time."""
    after = 0
    while page := events_after(connection, wanted, after=after):
        yield from page
        after = page[-1].id


def last_id(connection: Connection) -> int:
    """Give the id of the newest event, 0 when there is none."""
    newest = select(EVENTS.c.id).order_by(EVENTS.c.id.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none() or 0


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.account_id is not None:
        yield EVENTS.c.account_id == wanted.account_id
    if wanted.client_id is not None:
        yield EVENTS.c.client_id == wanted.client_id
    if wanted.type is not None:
        prefix = wanted.type.endswith(".")
        yield EVENTS.c.type.startswith(wanted.type, autoescape=True) if prefix else EVENTS.c.type == wanted.type
    if wanted.since is not None:
        yield EVENTS.c.at >= wanted.since
    if wanted.until is not None:
        yield EVENTS.c.at < wanted.until
