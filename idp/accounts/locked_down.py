"""That the owner of an account has said "this wasn't me": nobody signs in until the account was recovered."""

from __future__ import annotations

from sqlalchemy import Connection, update

from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import Status
from idp.storage.marks import write_mark


def note_locked_down(connection: Connection, *, account_id: str, now: float) -> bool:
    """Lock the account down, and make whatever was issued to it void; gives whether it had not been locked down yet."""
    locked = (
        update(ACCOUNTS)
        .where(
            ACCOUNTS.c.id == account_id,
            ACCOUNTS.c.status != Status.CLOSED.value,
            ACCOUNTS.c.locked_down_at.is_(None),
        )
        .values(locked_down_at=now, not_before=now)
        .returning(ACCOUNTS.c.id)
    )
    if connection.execute(locked).one_or_none() is None:
        return False
    write_mark(connection, kind="account", id=account_id, not_before=now, now=now)
    return True
