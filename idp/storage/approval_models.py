"""Approvals: acts that one person has proposed and that a second one decides on."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant, Json


class ApprovalRow(Base):
    """One proposed act; `digest` is over its id, name and canonical arguments, so that what is seen is what is done.

    Rows are kept for good: who agreed to what is evidence.
    """

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_proposed_at", "proposed_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    act: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[Json]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    state: Mapped[str] = mapped_column(String(16))
    proposed_by: Mapped[str] = mapped_column(String(160))
    proposed_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str | None] = mapped_column(String(160), default=None)
    decided_at: Mapped[Instant | None] = mapped_column(default=None)
