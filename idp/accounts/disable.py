"""Stop an account, and let it go on; make void what it was given, without a stop."""

from __future__ import annotations

from sqlalchemy import Connection, update

from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import Status
from idp.storage.marks import write_mark


class UnknownAccount(LookupError):
    """No account that can still change has this id."""


def disable_account(connection: Connection, *, account_id: str, now: float) -> None:
    """Stop an account: whatever was issued to it before `now` is void, and the mark says so to every process.

    Raises:
        UnknownAccount: there is none, or it is closed.
    """
    _set(connection, account_id, {"status": Status.DISABLED.value, "not_before": now})
    write_mark(connection, kind="account", id=account_id, not_before=now, now=now)


def void_what_was_issued(connection: Connection, *, account_id: str, now: float) -> None:
    """Make whatever was issued to an account before `now` void, and stop nothing; the mark says so to every process.

    Raises:
        UnknownAccount: there is none, or it is closed.
    """
    _set(connection, account_id, {"not_before": now})
    write_mark(connection, kind="account", id=account_id, not_before=now, now=now)


def enable_account(connection: Connection, *, account_id: str) -> None:
    """Let a disabled account sign in again; what was void stays void.

    Raises:
        UnknownAccount: there is none, or it is closed.
    """
    _set(connection, account_id, {"status": Status.ACTIVE.value})


def _set(connection: Connection, account_id: str, values: dict[str, object]) -> None:
    statement = (
        update(ACCOUNTS)
        .where(ACCOUNTS.c.id == account_id, ACCOUNTS.c.status != Status.CLOSED.value)
        .values(values)
        .returning(ACCOUNTS.c.id)
    )
    if connection.execute(statement).one_or_none() is None:
        raise UnknownAccount(account_id)
