"""The key ring's rows: one per key or secret, and one that counts the ring's changes.

Invariant: at most one key is active per purpose and algorithm, kept by the database itself; a kid is never used twice.
"""

from sqlalchemy import Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, BigNumber, Instant, JsonType

RING_ID = 1


class KeyRingRow(Base):
    """The ring's epoch: who changes the ring moves it on from the one that the decision was made on."""

    __tablename__ = "key_ring"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(BigNumber)


class KeyRow(Base):
    """One key or secret; the columns are the fields of `keys.records.KeyRecord`."""

    __tablename__ = "keys"
    __table_args__ = (
        Index(
            "uq_keys_active",
            "purpose",
            "algorithm",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    public_jwk: Mapped[dict[str, str]] = mapped_column(JsonType)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary, repr=False)
    home: Mapped[str] = mapped_column(String(255), server_default="local")
    kek_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Instant]
    effective_at: Mapped[Instant]
    staged_at: Mapped[Instant | None]
    activated_at: Mapped[Instant | None]
    retired_at: Mapped[Instant | None]
    removed_at: Mapped[Instant | None]
    canaries: Mapped[dict[str, float]] = mapped_column(JsonType, server_default="{}")
    tried_for: Mapped[list[str]] = mapped_column(JsonType, server_default="[]")
    epoch: Mapped[int] = mapped_column(BigNumber)
