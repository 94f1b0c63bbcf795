"""What only the accounts of staff have: a role, and a way to be opened again that no mailbox leads to."""

from __future__ import annotations

from sqlalchemy import Connection, update

from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import Kind, StaffRole, Status


def set_role(connection: Connection, *, account_id: str, role: StaffRole, now: float) -> bool:
    """Give a member of staff a role, and hold the account; gives whether it is one in use that takes a role."""
    given = (
        update(ACCOUNTS)
        .where(
            ACCOUNTS.c.id == account_id,
            ACCOUNTS.c.kind == Kind.STAFF.value,
            ACCOUNTS.c.status == Status.ACTIVE.value,
        )
        .values(role=role.value, updated_at=now)
        .returning(ACCOUNTS.c.id)
    )
    return connection.execute(given).one_or_none() is not None


def open_again(connection: Connection, *, account_id: str) -> None:
    """Let an account go on that its owner had locked down: an invitation has been redeemed since."""
    locked_down = (ACCOUNTS.c.id == account_id, ACCOUNTS.c.kind == Kind.STAFF.value)
    connection.execute(update(ACCOUNTS).where(*locked_down).values(locked_down_at=None))
