"""A person gives themselves a new password: everything that rested on the old one ends, and the act is recorded."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.end_sessions import end_sessions_of_account_and_tell
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.passwords.credentials import set_password
from idp.storage.handles import Entropy


def change_password(
    connection: Connection, *, account_id: str, stored: str, visitor: Visitor, entropy: Entropy, now: float
) -> None:
    """Store a new password (already hashed), and end every session and grant of the account."""
    set_password(connection, account_id=account_id, stored=stored, must_change=False, now=now)
    ended = end_sessions_of_account_and_tell(connection, account_id=account_id, entropy=entropy, now=now)
    event = Event(
        type=EventType.PASSWORD_CHANGED,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        reference=visitor.reference,
        details={"sessions_ended": len(ended.sids)},
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
    tell_owner(
        connection, notice=Notice.PASSWORD_CHANGED, account_id=account_id, visitor=visitor, entropy=entropy, now=now
    )
