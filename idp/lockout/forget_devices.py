"""Forget in which browsers an account has signed in before: one of them may be the thief's."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from idp.lockout.models import KNOWN


def forget_known_devices(connection: Connection, *, account_id: str) -> int:
    """Forget every browser of an account; gives how many there were."""
    return connection.execute(delete(KNOWN).where(KNOWN.c.account_id == account_id)).rowcount
