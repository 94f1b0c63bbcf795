"""Read and replace what is stored of an account's password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from idp.accounts.find import kind_of
from idp.accounts.policy import Kind
from idp.passwords.models import CREDENTIALS, FORMER
from idp.passwords.policy import REMEMBERED
from idp.passwords.recoveries import void_recoveries
from idp.storage.inserts import insert_for


class StaffHaveNoPassword(Exception):
    """Members of staff sign in by passkey alone; there is no path that gives them a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What is stored of a password; instants are seconds since the epoch."""

    account_id: str
    hash: str
    changed_at: float
    must_change: bool
    compromised_at: float | None
    short: bool = False


def find_credential(connection: Connection, *, account_id: str) -> Credential | None:
    """Give what is stored of an account's password, or None when it has none."""
    columns = [CREDENTIALS.c[name] for name in Credential.__dataclass_fields__]
    row = connection.execute(select(*columns).where(CREDENTIALS.c.account_id == account_id)).one_or_none()
    return None if row is None else Credential(**row._mapping)  # noqa: SLF001 - a public name


def set_password(
    connection: Connection,
    *,
    account_id: str,
    stored: str,
    must_change: bool,
    short: bool = False,
    keep_sign_ins: bool = False,
    now: float,
) -> None:
    """Give an account a new password, in its stored form; what was known against the old one is forgotten with it.

    `must_change` when somebody other than the person has chosen it, `short` when it needs a second factor beside it
    (call `require_longer` if none is there at the end of the transaction). Sign-ins with the old one are worth nothing
    any more, unless `keep_sign_ins`. Every recovery in progress becomes void: whatever was mailed before opens nothing
    now.

    Raises:
        StaffHaveNoPassword: it is a member of staff's account.
    """
    if kind_of(connection, account_id=account_id) == Kind.STAFF:
        raise StaffHaveNoPassword("staff sign in by passkey alone")
    void_recoveries(connection, account_id=account_id, now=now)
    _remember_former(connection, account_id=account_id)
    values = {"hash": stored, "changed_at": now, "must_change": must_change, "compromised_at": None, "short": short}
    replaced = connection.execute(
        update(CREDENTIALS)
        .where(CREDENTIALS.c.account_id == account_id)
        .values(values | {"kept_from": sign_ins_count_from() if keep_sign_ins else None})
        .returning(CREDENTIALS.c.account_id)
    )
    if replaced.one_or_none() is None:
        connection.execute(insert(CREDENTIALS).values(account_id=account_id, **values))


def sign_ins_count_from() -> ColumnElement[float]:
    """Give the SQL for the instant before which a sign-in is worth nothing, since the password was replaced."""
    return func.coalesce(CREDENTIALS.c.kept_from, CREDENTIALS.c.changed_at)


def require_longer(connection: Connection, *, account_id: str) -> bool:
    """Let a new password be due if the present one is too short to stand alone; gives whether it is.

    Call it in every transaction that leaves an account without a second factor, after the factor is gone. The row is
    written whatever it holds: a short password that is being set at this moment waits, or is waited for.
    """
    due = or_(CREDENTIALS.c.must_change, CREDENTIALS.c.short)
    row = connection.execute(
        update(CREDENTIALS)
        .where(CREDENTIALS.c.account_id == account_id)
        .values(must_change=due)
        .returning(CREDENTIALS.c.short)
    ).one_or_none()
    return row is not None and row.short


def note_compromised(connection: Connection, *, account_id: str, now: float) -> bool:
    """Say that an account's password is in strangers' hands; gives whether it has one."""
    noted = connection.execute(
        update(CREDENTIALS)
        .where(CREDENTIALS.c.account_id == account_id)
        .values(compromised_at=func.coalesce(CREDENTIALS.c.compromised_at, now))
        .returning(CREDENTIALS.c.account_id)
    )
    return noted.one_or_none() is not None


def stored_form_near(connection: Connection, *, place: str) -> str | None:
    """Give the stored form of whichever account comes next after a place among the ids; None past the last one."""
    ids = CREDENTIALS.c.account_id
    return connection.execute(
        select(CREDENTIALS.c.hash).where(ids >= place).order_by(ids).limit(1)
    ).scalar_one_or_none()


def passwords_of(connection: Connection, *, account_id: str) -> list[str]:
    """Give the stored forms of an account's password and of those before it that may not be chosen again."""
    present = select(CREDENTIALS.c.hash).where(CREDENTIALS.c.account_id == account_id)
    return [*connection.execute(present).scalars(), *connection.execute(_former(account_id)).scalars()]


def _former(account_id: str) -> Select[tuple[str]]:
    return (
        select(FORMER.c.hash)
        .where(FORMER.c.account_id == account_id)
        .order_by(FORMER.c.changed_at.desc(), FORMER.c.hash)
        .limit(REMEMBERED - 1)
    )


def _remember_former(connection: Connection, *, account_id: str) -> None:
    """Move the present password to the former ones, and let go of those that are old enough."""
    present = select(CREDENTIALS.c.account_id, CREDENTIALS.c.changed_at, CREDENTIALS.c.hash)
    kept = insert_for(connection.dialect.name)(FORMER).from_select(
        ["account_id", "changed_at", "hash"], present.where(CREDENTIALS.c.account_id == account_id)
    )
    connection.execute(kept.on_conflict_do_nothing())
    newest = _former(account_id)
    connection.execute(delete(FORMER).where(FORMER.c.account_id == account_id, FORMER.c.hash.not_in(newest)))


def replace_stored_form() -> Update:
    """Give the statement that stores the same password anew, with today's cost and pepper.

    It binds what `still_as_checked` binds, and `new_hash` (null changes nothing). Nothing changes when another password
    has been set meanwhile.
    """
    new_hash = bindparam("new_hash", type_=String)
    return update(CREDENTIALS).where(still_as_checked(), new_hash.is_not(None)).values(hash=new_hash)


def still_as_checked() -> ColumnElement[bool]:
    """Give the condition that a password is the one that was checked; binds `checked_account_id`, `checked_hash`."""
    return and_(
        CREDENTIALS.c.account_id == bindparam("checked_account_id"), CREDENTIALS.c.hash == bindparam("checked_hash")
    )
