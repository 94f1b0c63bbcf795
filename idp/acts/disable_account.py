"""Stop an account at once, with every session and grant it has, and let it go on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.accounts import disable
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.grants import end_grants_of_account
from idp.sessions.end import end_all_of_account
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
    ended = Ended(
        sessions=len(end_all_of_account(connection, account_id=account_id, now=now)),
        grants=len(end_grants_of_account(connection, account_id=account_id, now=now)),
    )
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
