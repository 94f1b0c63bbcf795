"""Read the trail: what stands behind a reference number, and what reading an event means."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from idp.audit.events import Personal, RecordedEvent
from idp.audit.models import EVENTS, PERSONAL


def events_by_reference(connection: Connection, *, reference: str) -> list[RecordedEvent]:
    """Give the events that carry this reference number, oldest first."""
    rows = connection.execute(with_personal().where(EVENTS.c.reference == reference).order_by(EVENTS.c.id))
    return [recorded(row) for row in rows]


def with_personal() -> Select[Any]:
    """Select events, each with its personal values if they are still kept."""
    joined = EVENTS.outerjoin(PERSONAL, EVENTS.c.id == PERSONAL.c.event_id)
    return select(EVENTS, PERSONAL.c.event_id, PERSONAL.c.address, PERSONAL.c.user_agent, PERSONAL.c.place).select_from(
        joined
    )


def recorded(row: Row[Any]) -> RecordedEvent:
    """Read one row of `with_personal`."""
    return RecordedEvent(
        id=row.id,
        type=row.type,
        at=row.at,
        actor=row.actor,
        result=row.result,
        account_id=row.account_id,
        client_id=row.client_id,
        sid=row.sid,
        reference=row.reference,
        details=row.details,
        personal=None
        if row.event_id is None
        else Personal(address=row.address, user_agent=row.user_agent, place=row.place),
    )
