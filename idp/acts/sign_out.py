"""End a single sign-on session and everything that was issued in it."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.audit.events import Event, EventType, Personal
from idp.audit.record import record
from idp.issuance.grants import end_grants_of_session
from idp.sessions.end import end_session
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
) -> None:
    """End the session, its grants, codes and tokens; marks reach every process within its next poll.

    `cause` names what ended it ("sign-out", "another person signed in").
    """
    end_session(connection, sid=sid, now=now)
    ended = end_grants_of_session(connection, sid=sid, now=now)
    event = Event(
        type=EventType.SESSION_ENDED,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        sid=sid,
        reference=reference,
        details={"cause": cause, "grants": len(ended)},
        personal=personal,
    )
    record(connection, event, entropy=entropy)
