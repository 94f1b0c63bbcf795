"""Close an account: everything ends at once, thirty days in which its owner can keep it, then nothing personal is left.

Invariants: the `sub` is never given to anybody else; a closed account never comes back; the contracts stay in the
lender's books, without the account; the owner is told at each step, by every address, so that a thief who closes an
account does it in front of its owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, select, update

from idp.accounts.disable import UnknownAccount, void_what_was_issued
from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import Status
from idp.acts.end_sessions import end_sessions_of_account_and_tell
from idp.acts.personal_data import erase
from idp.acts.share_contract import end_shares_of_account
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.ceiling import Ceiling
from idp.storage.handles import Entropy

GRACE_SECONDS: Final = 30 * 86_400.0
MOST_AT_ONCE: Final = 20
WORKER: Final = Visitor(address="", user_agent=None, reference="")
_A = ACCOUNTS.c


def ask_to_close(
    connection: Connection, *, account_id: str, actor: str, visitor: Visitor, entropy: Entropy, now: float
) -> float:
    """End everything that the account has open, and give the instant at which it is closed unless somebody keeps it.

    Raises:
        UnknownAccount: there is none, or it is closed.
    """
    closes_at = now + GRACE_SECONDS
    void_what_was_issued(connection, account_id=account_id, now=now)
    connection.execute(update(ACCOUNTS).where(_A.id == account_id).values(closes_at=closes_at))
    ended = end_sessions_of_account_and_tell(connection, account_id=account_id, entropy=entropy, now=now)
    details = {"closes_at": closes_at, "sessions": len(ended.sids), "grants": ended.grants}
    _record(
        connection,
        EventType.ACCOUNT_CLOSING,
        account_id=account_id,
        actor=actor,
        visitor=visitor,
        details=details,
        entropy=entropy,
        now=now,
    )
    _tell(connection, Notice.ACCOUNT_CLOSING, account_id, visitor, until=closes_at, entropy=entropy, now=now)
    return closes_at


def keep_account(
    connection: Connection, *, account_id: str, actor: str, visitor: Visitor, entropy: Entropy, now: float
) -> None:
    """Take the wish to close back; whoever had asked for it is told as well.

    Raises:
        UnknownAccount: it is not about to be closed.
    """
    closing = (_A.id == account_id) & _A.closes_at.is_not(None) & (_A.status != Status.CLOSED.value)
    kept = connection.execute(update(ACCOUNTS).where(closing).values(closes_at=None).returning(_A.id))
    if kept.one_or_none() is None:
        raise UnknownAccount(account_id)
    _record(
        connection,
        EventType.ACCOUNT_KEPT,
        account_id=account_id,
        actor=actor,
        visitor=visitor,
        entropy=entropy,
        now=now,
    )
    _tell(connection, Notice.ACCOUNT_KEPT, account_id, visitor, until=now, entropy=entropy, now=now)


def close_due(connection: Connection, ceiling: Ceiling, *, entropy: Entropy, now: float) -> int:
    """Close the accounts whose time has come; gives how many there were."""
    due = select(_A.id).where(_A.closes_at <= now, _A.status != Status.CLOSED.value).limit(MOST_AT_ONCE)
    ids = connection.execute(due.with_for_update(skip_locked=True)).scalars().all()
    for account_id in ids:
        close_now(connection, ceiling, account_id=account_id, actor="worker", entropy=entropy, now=now)
    return len(ids)


def close_now(
    connection: Connection, ceiling: Ceiling, *, account_id: str, actor: str, entropy: Entropy, now: float
) -> None:
    """Close an account for good.

    Raises:
        UnknownAccount: there is none, or it is closed.
    """
    void_what_was_issued(connection, account_id=account_id, now=now)
    end_sessions_of_account_and_tell(connection, account_id=account_id, entropy=entropy, now=now)
    end_shares_of_account(connection, ceiling, account_id=account_id, entropy=entropy, now=now)
    _tell(connection, Notice.ACCOUNT_CLOSED, account_id, WORKER, until=now, entropy=entropy, now=now)
    closed = {"status": Status.CLOSED.value, "updated_at": now}
    connection.execute(update(ACCOUNTS).where(_A.id == account_id).values(closed))
    erase(connection, account_id=account_id)
    _record(connection, EventType.ACCOUNT_CLOSED, account_id=account_id, actor=actor, entropy=entropy, now=now)


def closes_at(connection: Connection, *, account_id: str) -> float | None:
    """Give the instant at which an account is closed, None if nobody wants that."""
    return connection.execute(select(_A.closes_at).where(_A.id == account_id)).scalar_one_or_none()


def _tell(
    connection: Connection,
    notice: Notice,
    account_id: str,
    visitor: Visitor,
    *,
    until: float,
    entropy: Entropy,
    now: float,
) -> None:
    words: dict[str, str | int] = {"until": int(until)}
    tell_owner(connection, notice=notice, account_id=account_id, visitor=visitor, entropy=entropy, now=now, words=words)


def _record(
    connection: Connection,
    type: EventType,
    *,
    account_id: str,
    actor: str,
    visitor: Visitor = WORKER,
    details: Mapping[str, object] | None = None,
    entropy: Entropy,
    now: float,
) -> None:
    event = Event(
        type=type,
        at=now,
        actor=actor,
        account_id=account_id,
        reference=visitor.reference or None,
        details=details or {},
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
