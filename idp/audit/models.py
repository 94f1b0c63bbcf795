"""Rows behind the audit trail: what happened, the values that will be forgotten, and the chain that seals it."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Index, LargeBinary, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, BigNumber, Instant, Json, JsonList
from idp.storage.prune import prunable

DAY = 86_400.0
PERSONAL_DAYS = 180


class AuditEvent(Base):
    """One event, never changed once written; `personal_hash` stands for the row beside it, also when that is gone."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_reference", "reference"),
        Index("ix_audit_events_account_id", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=True, init=False)
    at: Mapped[Instant]
    type: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(160))
    result: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(String(64), default=None)
    client_id: Mapped[str | None] = mapped_column(String(128), default=None)
    sid: Mapped[str | None] = mapped_column(String(32), default=None)
    reference: Mapped[str | None] = mapped_column(String(64), default=None)
    details: Mapped[Json] = mapped_column(default_factory=dict)
    personal_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)


class AuditPersonal(Base):
    """Where an event came from: personal values, erased after their time."""

    __tablename__ = "audit_personal"
    __table_args__ = (Index("ix_audit_personal_at", "at"),)

    event_id: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    at: Mapped[Instant]
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    address: Mapped[str | None] = mapped_column(String(45), default=None)
    user_agent: Mapped[str | None] = mapped_column(String(300), default=None)
    place: Mapped[str | None] = mapped_column(String(120), default=None)


EVENTS = cast("Table", AuditEvent.__table__)
PERSONAL = cast("Table", AuditPersonal.__table__)

prunable("audit_personal", PERSONAL, PERSONAL.c.at, PERSONAL_DAYS * DAY)


class AuditSeal(Base):
    """An event's place in the hash chain; `hash` is over the one before it, the number and the event."""

    __tablename__ = "audit_seals"

    seq: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigNumber, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditChainHead(Base):
    """The end of the chain: one row, which whoever seals holds.

    Every event up to `floor_id` is sealed; later ones are looked for among those above it. `next_floor_id` becomes the
    floor two minutes after `next_floor_at`, when no transaction can still bring a smaller id.
    """

    __tablename__ = "audit_chain"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigNumber)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[Instant]
    floor_id: Mapped[int] = mapped_column(BigNumber)
    next_floor_id: Mapped[int] = mapped_column(BigNumber)
    next_floor_at: Mapped[Instant]


class AuditCheckpoint(Base):
    """A signed statement of the chain's end; `pending` names the places that it has not been sent to yet."""

    __tablename__ = "audit_checkpoints"

    seq: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    at: Mapped[Instant]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    jws: Mapped[str] = mapped_column(Text)
    pending: Mapped[JsonList]


SEALS = cast("Table", AuditSeal.__table__)
HEAD = cast("Table", AuditChainHead.__table__)
CHECKPOINTS = cast("Table", AuditCheckpoint.__table__)
