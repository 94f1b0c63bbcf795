"""Read the trail: what stands behind a reference number."""

from __future__ import annotations

from sqlalchemy import Connection, select

from idp.audit.events import Personal, RecordedEvent
from idp.audit.models import EVENTS, PERSONAL


def events_by_reference(connection: Connection, *, reference: str) -> list[RecordedEvent]:
    """Give the events that carry this reference number, oldest first."""
    joined = EVENTS.outerjoin(PERSONAL, EVENTS.c.id == PERSONAL.c.event_id)
    rows = connection.execute(
        select(EVENTS, PERSONAL.c.event_id, PERSONAL.c.address, PERSONAL.c.user_agent, PERSONAL.c.place)
        .select_from(joined)
        .where(EVENTS.c.reference == reference)
        .order_by(EVENTS.c.id)
    )
    return [
        RecordedEvent(
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
        for row in rows
    ]
