"""The rows behind what is to be delivered: messages to people, and what apps must hear about sessions and keys."""

from __future__ import annotations

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column

from idp.storage.models import Base, Instant, Json, table_of
from idp.storage.prune import prunable

DAY = 86_400.0


class OutboxMessage(Base):
    """One message: what kind, in which language, and references to what it tells about, never a code or a link.

    `recipient` is None when whoever builds the message reads the address then. `settled_at` is when it was sent, was
    found to be needed by nobody, or was parked: `state` tells which.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_state_due_at", "state", "due_at"),
        Index("ix_outbox_settled_at", "settled_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    payload: Mapped[Json]
    created_at: Mapped[Instant]
    due_at: Mapped[Instant]
    give_up_at: Mapped[Instant]
    state: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str | None] = mapped_column(String(254), default=None)
    claim: Mapped[str | None] = mapped_column(String(32), default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0)
    faults: Mapped[int] = mapped_column(default=0)
    last_problem: Mapped[str | None] = mapped_column(String(160), default=None)
    settled_at: Mapped[Instant | None] = mapped_column(default=None)


class ToldApp(MappedAsDataclass, kw_only=True):
    """What the rows have in common by which one app is told one thing (`app_queue` reads and writes them).

    What it gets is decided at each try. `settled_at` is when that was over; `state` tells how.
    """

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[Instant]
    due_at: Mapped[Instant]
    give_up_at: Mapped[Instant]
    state: Mapped[str] = mapped_column(String(16))
    claim: Mapped[str | None] = mapped_column(String(32), default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    faults: Mapped[int] = mapped_column(default=0)
    last_problem: Mapped[str | None] = mapped_column(String(160), default=None)
    settled_at: Mapped[Instant | None] = mapped_column(default=None)


class AppLogoutRow(ToldApp, Base):
    """One app to be told that one session ended (OpenID Connect Back-Channel Logout 1.0)."""

    __tablename__ = "app_logouts"
    __table_args__ = (
        Index("ix_app_logouts_state_due_at", "state", "due_at"),
        Index("ix_app_logouts_sid", "sid"),
        Index("ix_app_logouts_account_id", "account_id"),
        Index("ix_app_logouts_settled_at", "settled_at"),
    )

    sid: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(String(64))


class AppEventRow(ToldApp, Base):
    """One app to be told of one incident, by a security event token (RFC 8417); `id` is its `jti`."""

    __tablename__ = "app_events"
    __table_args__ = (
        Index("ix_app_events_state_due_at", "state", "due_at"),
        Index("ix_app_events_settled_at", "settled_at"),
        UniqueConstraint("incident_id", "client_id"),
    )

    incident_id: Mapped[str] = mapped_column(String(32))


OUTBOX = table_of(OutboxMessage)
APP_LOGOUTS = table_of(AppLogoutRow)
APP_EVENTS = table_of(AppEventRow)

# Addresses are personal: what was sent is kept for questions about it, what was parked for somebody to look at it.
prunable("outbox (sent)", OUTBOX, "settled_at", 7 * DAY, where=OUTBOX.c.state != "parked")
prunable("outbox (parked)", OUTBOX, "settled_at", 30 * DAY, where=OUTBOX.c.state == "parked")
# As long as somebody may look at /account for which apps were told.
prunable("app_logouts", APP_LOGOUTS, "settled_at", 7 * DAY)
# Who was told of an incident stands in its report, which people read for as long as pick-ups are kept.
prunable("app_events", APP_EVENTS, "settled_at", 400 * DAY)
