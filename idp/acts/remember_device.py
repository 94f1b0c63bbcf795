"""Remember that this browser has shown the account's second factor, for thirty days.

The page asks the person, never in a browser that they called shared, and only right after the factor was shown.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.browser_name import browser_name
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.remembered import remember
from idp.storage.handles import Entropy


def remember_device(connection: Connection, *, account_id: str, visitor: Visitor, entropy: Entropy, now: float) -> str:
    """Give the handle for the browser's cookie (`CookieJar.remembered_name`, `REMEMBERED_SECONDS`)."""
    name = browser_name(visitor.user_agent)
    handle = remember(
        connection,
        account_id=account_id,
        brought_digest=visitor.remembered_digest,
        user_agent_label=" ".join(part for part in name if part) or None,
        entropy=entropy,
        now=now,
    )
    event = Event(
        type=EventType.DEVICE_REMEMBERED,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        reference=visitor.reference,
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
    return handle
