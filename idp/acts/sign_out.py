"""End a single sign-on session and everything that was issued in it."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.end_sessions import EndedSessions, end_session_and_tell
from idp.audit.events import Event, EventType, Personal
from idp.audit.record import record
from idp.storage.handles import Entropy


def sign_out(
    connection: Connection,
    *,
    sid: str,
    account_id: str,
    cause: str,
    reference: str,
    personal: Personal | None,
    entropy: Entropy,
    now: float,
) -> EndedSessions:
    """End the session, its grants, codes and tokens; marks reach every process within its next poll.

    `cause` names what ended it ("sign-out", "another person signed in"). What ended says which apps it reached.
    """
    ended = end_session_and_tell(connection, sid=sid, entropy=entropy, now=now)
    event = Event(
        type=EventType.SESSION_ENDED,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        sid=sid,
        reference=reference,
        details={"cause": cause, "grants": ended.grants, "apps": len(ended.apps)},
        personal=personal,
    )
    record(connection, event, entropy=entropy)
    return ended
