"""What happened to one account lately, for its owner: the kinds of event that a person can understand."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from idp.audit.events import RecordedEvent
from idp.audit.models import EVENTS
from idp.audit.read import recorded, with_personal


def recent_events(
    connection: Connection, *, account_id: str, types: Collection[str], count: int
) -> list[RecordedEvent]:
    """Give the last so many events of these types about an account, newest first."""
    rows = connection.execute(
        with_personal()
        .where(EVENTS.c.account_id == account_id, EVENTS.c.type.in_(sorted(types)))
        .order_by(EVENTS.c.id.desc())
        .limit(count)
    )
    return [recorded(row) for row in rows]
