"""The row behind a single sign-on session."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Double, Index, LargeBinary, String, Table, false
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant, JsonList
from idp.storage.prune import prunable

DAY = 86_400.0


class Session(Base):
    """One sign-in in one browser; `id_digest` is SHA-256 of the cookie's handle, `sid` what tokens call the session.

    `shared_device`: the person called the browser a shared or public one. `user_agent_label` and `address` are for the
    person's own list of sessions and decide nothing.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_account_id", "account_id"), Index("ix_sessions_expires_at", "expires_at"))

    id_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    sid: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[str] = mapped_column(String(64))
    acr: Mapped[str] = mapped_column(String(64))
    amr: Mapped[JsonList]
    auth_time: Mapped[Instant]
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    idle_seconds: Mapped[float] = mapped_column(Double)
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None] = mapped_column(default=None)
    user_agent_label: Mapped[str | None] = mapped_column(String(120), default=None)
    address: Mapped[str | None] = mapped_column(String(45), default=None)
    shared_device: Mapped[bool] = mapped_column(default=False, server_default=false())


SESSIONS = cast("Table", Session.__table__)

# A week past its end the support desk need not know any more that there was one; the audit trail does.
prunable("sessions", SESSIONS, SESSIONS.c.expires_at, 7 * DAY)
