"""A person ends sessions of their own, from the list of them: one, or all but the one in which they are."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.end_sessions import EndedSessions, end_session_and_tell, end_sessions_of_account_and_tell
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.sessions.listing import sessions_of
from idp.storage.handles import Entropy


class NotTheirSession(LookupError):
    """The account has no such session going on: it has ended, or is somebody else's."""


def end_own_session(
    connection: Connection, *, account_id: str, sid: str, visitor: Visitor, entropy: Entropy, now: float
) -> EndedSessions:
    """End one session of the account, with all that was issued in it.

    Raises:
        NotTheirSession: see there.
    """
    if sid not in {session.sid for session in sessions_of(connection, account_id=account_id, now=now)}:
        raise NotTheirSession(sid)
    ended = end_session_and_tell(connection, sid=sid, entropy=entropy, now=now)
    event = _event(ended, account_id, visitor, sid=sid, cause="ended from the list", now=now)
    record(connection, event, entropy=entropy)
    return ended


def end_other_sessions(
    connection: Connection, *, account_id: str, sid: str, visitor: Visitor, entropy: Entropy, now: float
) -> EndedSessions:
    """End every session of the account but `sid`, and every grant that was given in another one."""
    ended = end_sessions_of_account_and_tell(
        connection, account_id=account_id, except_sid=sid, entropy=entropy, now=now
    )
    record(connection, _event(ended, account_id, visitor, cause="everywhere else", now=now), entropy=entropy)
    return ended


def _event(
    ended: EndedSessions, account_id: str, visitor: Visitor, *, sid: str | None = None, cause: str, now: float
) -> Event:
    return Event(
        type=EventType.SESSION_ENDED,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        sid=sid,
        reference=visitor.reference,
        details={"cause": cause, "sessions": len(ended.sids), "grants": ended.grants, "apps": list(ended.apps)},
        personal=visitor.personal,
    )
