"""Show somebody who has proved an address the user IDs of the accounts at it, and write down that they were shown."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.visitor import Visitor
from idp.acts.write_mail import accounts_at
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.passwords.recoveries import OpenRecovery
from idp.storage.handles import Entropy


def show_user_ids(
    connection: Connection, recovery: OpenRecovery, *, visitor: Visitor, entropy: Entropy, now: float
) -> list[str]:
    """Give the user IDs; the caller holds the pass of this recovery."""
    accounts = accounts_at(connection, recovery)
    for account in accounts:
        event = Event(
            type=EventType.USER_IDS_SHOWN,
            at=now,
            actor="anonymous",
            account_id=account.id,
            reference=visitor.reference,
            personal=visitor.personal,
        )
        record(connection, event, entropy=entropy)
    return [account.user_id for account in accounts]
