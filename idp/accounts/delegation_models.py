"""The rows behind shared access: whom a party lets look at a contract, or pay for it, and until when."""

from __future__ import annotations

from typing import cast

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant
from idp.storage.prune import prunable

YEAR = 366 * 86_400.0


class Delegation(Base):
    """A party's guest at one contract; `delegate_id` is None until somebody with the confirmed address accepts.

    `address_key` is the canonical form of the invited `address`. `ended_by` says who or what ended it.
    """

    __tablename__ = "delegations"
    __table_args__ = (
        Index("ix_delegations_giver_id", "giver_id"),
        Index("ix_delegations_delegate_id", "delegate_id"),
        Index("ix_delegations_address_key", "address_key"),
        Index("ix_delegations_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    contract_id: Mapped[str] = mapped_column(String(32), ForeignKey("contracts.id"))
    giver_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"))
    address: Mapped[str] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254))
    permission: Mapped[str] = mapped_column(String(16))
    offered_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    delegate_id: Mapped[str | None] = mapped_column(String(64), ForeignKey("accounts.id"), default=None)
    accepted_at: Mapped[Instant | None] = mapped_column(default=None)
    reminded_at: Mapped[Instant | None] = mapped_column(default=None)
    ended_at: Mapped[Instant | None] = mapped_column(default=None)
    ended_by: Mapped[str | None] = mapped_column(String(16), default=None)


DELEGATIONS = cast("Table", Delegation.__table__)


def in_force(now: ColumnElement[float]) -> ColumnElement[bool]:
    """Give the SQL for whether a share was accepted and is not over."""
    return DELEGATIONS.c.accepted_at.is_not(None) & DELEGATIONS.c.ended_at.is_(None) & (DELEGATIONS.c.expires_at > now)


# Who let whom see what stays known for as long as somebody may dispute it.
prunable("delegations", DELEGATIONS, DELEGATIONS.c.expires_at, 3 * YEAR)
