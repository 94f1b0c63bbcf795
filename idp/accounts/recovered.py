"""That an account was recovered, and for how long it is treated with care after that."""

from __future__ import annotations

from sqlalchemy import Connection, update

from idp.accounts.models import ACCOUNTS

COOLING_OFF_SECONDS = 72 * 3600.0
"""For so long apps may hold what thieves go for after a recovery: payees, bank details, addresses."""


def note_recovered(connection: Connection, *, account_id: str, now: float) -> None:
    """Write down that whoever has the account now came by a recovery; that opens a locked-down one again."""
    opened = {"recovered_at": now, "locked_down_at": None}
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(opened))


def cooling_off_until(recovered_at: float | None, *, now: float) -> float | None:
    """Give the instant until which an account is treated with care, None when it is not."""
    ends_at = None if recovered_at is None else recovered_at + COOLING_OFF_SECONDS
    return ends_at if ends_at is not None and now < ends_at else None
