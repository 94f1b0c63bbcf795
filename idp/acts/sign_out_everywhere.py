"""Sign a person out everywhere, at an operator's word: nothing else about the account changes.

Invariant: what was proved before counts no more either, so that a sign-in that is under way at this instant is begun
anew instead of opening the next session.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.accounts.disable import void_what_was_issued
from idp.acts.end_sessions import EndedSessions, end_sessions_of_account_and_tell
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.handles import Entropy


def sign_out_everywhere(
    connection: Connection, *, account_id: str, reference: str, actor: str, entropy: Entropy, now: float
) -> EndedSessions:
    """End every session and grant of an account, and have its apps told; the person may sign in again at once.

    Raises:
        UnknownAccount: there is none, or it is closed.
    """
    void_what_was_issued(connection, account_id=account_id, now=now)
    ended = end_sessions_of_account_and_tell(connection, account_id=account_id, entropy=entropy, now=now)
    event = Event(
        type=EventType.SESSION_ENDED,
        at=now,
        actor=actor,
        account_id=account_id,
        reference=reference,
        details={
            "cause": "ended by an operator",
            "sessions": len(ended.sids),
            "grants": ended.grants,
            "apps": list(ended.apps),
        },
    )
    record(connection, event, entropy=entropy)
    return ended
