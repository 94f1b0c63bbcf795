"""The spent ledger: what may be used once and has no row of its own (a jti, a TOTP step, a WebAuthn challenge).

Invariant: of any number of concurrent transactions that spend the same artifact, exactly one commits; the others
raise `AlreadySpent`. Spend in the transaction of what it pays for. Kinds are separate namespaces. Only a digest of
the artifact is kept (RFC 7519 section 4.1.7, RFC 6238 section 5.2, Web Authentication section 13.4.3).
"""

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Connection, LargeBinary, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant
from idp.storage.prune import prunable

KEEP_SECONDS = 3600.0
"""Kept for so long past the expiry: no node's clock is that far behind and still in service."""


class AlreadySpent(Exception):
    """The artifact was used before. Treat it as a replay."""


class SpentRow(Base):
    """That an artifact was spent; it is forgotten some time after it would have expired."""

    __tablename__ = "spent"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    spent_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)


prunable("spent", SpentRow.__table__, SpentRow.__table__.c.expires_at, KEEP_SECONDS)


def spend(connection: Connection, *, kind: str, artifact: str | bytes, expires_at: float, now: float) -> None:
    """Use the artifact up. After `expires_at` its holder must refuse it anyway, and the ledger may forget it.

    Raises:
        AlreadySpent: It was used before, or is being used by a transaction that commits first.
    """
    row = _row(kind, artifact, expires_at, now)
    statement = _insert(connection).values(row).on_conflict_do_nothing().returning(SpentRow.spent_at)
    if connection.execute(statement).first() is None:
        raise AlreadySpent(kind)


def use_up(connection: Connection, *, kind: str, artifacts: Iterable[str], expires_at: float, now: float) -> None:
    """Use up every one of these artifacts that was not used before; nothing is paid for with them."""
    rows = [_row(kind, artifact, expires_at, now) for artifact in artifacts]
    if rows:
        connection.execute(_insert(connection).on_conflict_do_nothing(), rows)


def _insert(connection: Connection) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(SpentRow)
    return sqlite.insert(SpentRow)


def _row(kind: str, artifact: str | bytes, expires_at: float, now: float) -> dict[str, object]:
    return {"kind": kind, "digest": _digest(artifact), "spent_at": now, "expires_at": max(expires_at, now)}


def _digest(artifact: str | bytes) -> bytes:
    data = artifact if isinstance(artifact, bytes) else artifact.encode("utf-8", "surrogatepass")
    return sha256(data).digest()
