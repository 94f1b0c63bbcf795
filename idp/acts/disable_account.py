"""Stop an account at once, with every session and grant it has, and let it go on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.accounts import disable
from idp.acts.end_sessions import end_sessions_of_account_and_tell
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.handles import Entropy


@dataclass(frozen=True, slots=True)
class Ended:
    """How many sessions and grants ended with an account."""

    sessions: int
    grants: int


def disable_account(connection: Connection, *, account_id: str, actor: str, entropy: Entropy, now: float) -> Ended:
    """Stop an account; whoever is signed in as it is signed out everywhere.

    Raises:
        UnknownAccount: there is none, or it is closed.
    """
    disable.disable_account(connection, account_id=account_id, now=now)
    over = end_sessions_of_account_and_tell(connection, account_id=account_id, entropy=entropy, now=now)
    ended = Ended(sessions=len(over.sids), grants=over.grants)
    event = Event(
        type=EventType.ACCOUNT_DISABLED,
        at=now,
        actor=actor,
        account_id=account_id,
        details={"sessions": ended.sessions, "grants": ended.grants},
    )
    record(connection, event, entropy=entropy)
    return ended


def enable_account(connection: Connection, *, account_id: str, actor: str, entropy: Entropy, now: float) -> None:
    """Let a disabled account sign in again; what ended stays ended.

    Raises:
        UnknownAccount: there is none, or it is closed.
    """
    disable.enable_account(connection, account_id=account_id)
    event = Event(type=EventType.ACCOUNT_ENABLED, at=now, actor=actor, account_id=account_id)
    record(connection, event, entropy=entropy)
