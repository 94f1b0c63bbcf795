"""Incidents: keys that were taken out of service at once, rehearsed or in earnest, and what people said of it since."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant


class IncidentRow(Base):
    """One incident; there is one at most for each key, kept by the database itself."""

    __tablename__ = "incidents"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    algorithm: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(32))
    state_before: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    replaced_by: Mapped[str | None] = mapped_column(String(64))
    opened_at: Mapped[Instant]
    opened_by: Mapped[str] = mapped_column(String(255))
    reviewed_at: Mapped[Instant | None] = mapped_column(default=None)
    reviewed_by: Mapped[str | None] = mapped_column(String(255), default=None)
    withdrawn_at: Mapped[Instant | None] = mapped_column(default=None)
    withdrawn_by: Mapped[str | None] = mapped_column(String(255), default=None)
    told_at: Mapped[Instant | None] = mapped_column(default=None)
