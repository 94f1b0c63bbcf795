"""Who of the staff has access, by what they sign in, and when they last did: for whoever reviews that each quarter."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import Kind
from idp.audit.evidence import last_sign_ins
from idp.mfa.standing import kinds_from, kinds_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAccess:
    """One member of staff; `role` is None where none was given, `factors` what the account has besides a password."""

    account_id: str
    user_id: str
    role: str | None
    status: str
    factors: tuple[str, ...]
    created_at: float
    last_sign_in_at: float | None


def staff_access(connection: Connection) -> list[StaffAccess]:
    """Give every account of staff by user ID, whatever its state: who can't sign in any more is reviewed, too."""
    account = ACCOUNTS.c
    columns = (account.id, account.user_id, account.status, account.created_at, account.role)
    rows = connection.execute(
        select(*columns, kinds_of(account.id).label("kinds"))
        .where(account.kind == Kind.STAFF.value)
        .order_by(account.user_id_key)
    ).all()
    last = last_sign_ins(connection, accounts=[row.id for row in rows])
    return [
        StaffAccess(
            account_id=row.id,
            user_id=row.user_id,
            role=row.role,
            status=row.status,
            factors=tuple(sorted(kinds_from(row.kinds))),
            created_at=row.created_at,
            last_sign_in_at=last.get(row.id),
        )
        for row in rows
    ]
