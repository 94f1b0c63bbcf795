"""The rows behind contracts: what the lender's feed says of them, of their vehicles, and of who is a party to them.

`number` is kept as the lender writes it; `number_key` is the form by which it is found, however it is typed.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant

_OPEN = text("ended_at IS NULL")


class Contract(Base):
    """One contract; `feed_digest` is SHA-256 of what the feed said last, so that a second import passes it over."""

    __tablename__ = "contracts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[str] = mapped_column(String(64))
    number_key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    feed_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class Vehicle(Base):
    """One vehicle of a contract; the same vehicle may be in an older contract, too."""

    __tablename__ = "vehicles"
    __table_args__ = (Index("ix_vehicles_vin", "vin"),)

    contract_id: Mapped[str] = mapped_column(String(32), ForeignKey("contracts.id"), primary_key=True)
    vin: Mapped[str] = mapped_column(String(17), primary_key=True)
    make: Mapped[str | None] = mapped_column(String(64), default=None)
    model: Mapped[str | None] = mapped_column(String(64), default=None)
    registration: Mapped[str | None] = mapped_column(String(16), default=None)


class Party(Base):
    """One person's part in a contract; the lender makes and ends it.

    `reference` is what the lender's books call the person by; `account_id` is None until the person has an account.
    """

    __tablename__ = "parties"
    __table_args__ = (
        Index("ix_parties_account_id", "account_id"),
        Index("ix_parties_reference", "reference"),
        Index(
            "uq_parties_open",
            "contract_id",
            "reference",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    contract_id: Mapped[str] = mapped_column(String(32), ForeignKey("contracts.id"))
    reference: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    since: Mapped[Instant]
    account_id: Mapped[str | None] = mapped_column(String(64), ForeignKey("accounts.id"), default=None)
    ended_at: Mapped[Instant | None] = mapped_column(default=None)


CONTRACTS = cast("Table", Contract.__table__)
VEHICLES = cast("Table", Vehicle.__table__)
PARTIES = cast("Table", Party.__table__)
