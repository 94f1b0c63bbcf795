"""Who the staff are, and who of them can act: with a role, in use, and with a passkey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import Kind, StaffRole, Status
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.mfa.policy import Factor
from idp.mfa.standing import kinds_from, kinds_of
from idp.storage.handles import Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A member of staff; `enrolled` says that there is a passkey to sign in with."""

    account_id: str
    user_id: str
    role: str | None
    status: str
    created_at: float
    enrolled: bool

    @property
    def can_approve(self) -> bool:
        """Whether this is a security engineer who can sign in."""
        return self.enrolled and self.role == StaffRole.SECURITY and self.status == Status.ACTIVE


def staff_members(connection: Connection) -> list[StaffMember]:
    """List all staff by user ID, also those who are stopped or have not enrolled."""
    account = ACCOUNTS.c
    columns = (account.id, account.user_id, account.role, account.status, account.created_at)
    rows = connection.execute(
        select(*columns, kinds_of(account.id).label("kinds"))
        .where(account.kind == Kind.STAFF.value, account.status != Status.CLOSED.value)
        .order_by(account.user_id_key)
    )
    return [
        StaffMember(
            account_id=row.id,
            user_id=row.user_id,
            role=row.role,
            status=row.status,
            created_at=row.created_at,
            enrolled=Factor.PASSKEY in kinds_from(row.kinds),
        )
        for row in rows
    ]


def tell_security_team(
    connection: Connection,
    *,
    notice: Notice,
    words: Mapping[str, str | int],
    reference: str,
    entropy: Entropy,
    now: float,
) -> int:
    """Tell every security engineer who can act, by mail; gives how many they are."""
    nobody = Visitor(address="", user_agent=None, reference=reference)
    team = [member for member in staff_members(connection) if member.can_approve]
    for member in team:
        tell_owner(
            connection,
            notice=notice,
            account_id=member.account_id,
            visitor=nobody,
            entropy=entropy,
            now=now,
            words=words,
        )
    return len(team)
