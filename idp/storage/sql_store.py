"""The ephemeral store in a SQL table: for a single machine, and in place of a Redis that is away.

Invariant: every verb is one statement, atomic by the database's own row locks; what has expired is never returned,
whether or not it has been pruned yet.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import BigInteger, ColumnElement, Connection, LargeBinary, String, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column
from typing_extensions import override

from idp.storage.database import Database, StorageUnavailable
from idp.storage.ephemeral import EphemeralStore, EphemeralUnavailable, require_short
from idp.storage.handles import Clock
from idp.storage.models import Base, Instant
from idp.storage.prune import prunable


class EphemeralRow(Base):
    """A value, or a count, until it expires."""

    __tablename__ = "ephemeral"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[bytes | None] = mapped_column(LargeBinary)
    count: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[Instant] = mapped_column(index=True)


prunable("ephemeral", EphemeralRow.__table__, EphemeralRow.__table__.c.expires_at, 0.0)


class SqlStore(EphemeralStore):
    """Implements `EphemeralStore`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @override
    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        require_short(seconds)
        row = {"value": value, "count": 0, "expires_at": self._clock() + seconds}
        with _unavailable(), self._database.writing() as connection:
            statement = _insert(connection).values(key=key, **row)
            connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))

    @override
    def get(self, key: str) -> bytes | None:
        with _unavailable(), self._database.reading() as connection:
            return connection.execute(select(EphemeralRow.value).where(self._live(key))).scalar()

    @override
    def take(self, key: str) -> bytes | None:
        with _unavailable(), self._database.writing() as connection:
            return connection.execute(
                delete(EphemeralRow).where(self._live(key)).returning(EphemeralRow.value)
            ).scalar()

    @override
    def delete(self, key: str) -> None:
        with _unavailable(), self._database.writing() as connection:
            connection.execute(delete(EphemeralRow).where(EphemeralRow.key == key))

    @override
    def add(self, key: str, *, amount: int = 1, seconds: float) -> int:
        now = self._clock()
        ended = EphemeralRow.expires_at <= now
        with _unavailable(), self._database.writing() as connection:
            statement = _insert(connection).values(key=key, value=None, count=amount, expires_at=now + seconds)
            going_on = {
                "count": case((ended, statement.excluded.count), else_=EphemeralRow.count + statement.excluded.count),
                "expires_at": case((ended, statement.excluded.expires_at), else_=EphemeralRow.expires_at),
            }
            counted = statement.on_conflict_do_update(index_elements=["key"], set_=going_on)
            return connection.execute(counted.returning(EphemeralRow.count)).scalar_one()

    def _live(self, key: str) -> ColumnElement[bool]:
        return (EphemeralRow.key == key) & (EphemeralRow.expires_at > self._clock())


def _insert(connection: Connection) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(EphemeralRow)
    return sqlite.insert(EphemeralRow)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except StorageUnavailable as error:
        raise EphemeralUnavailable(str(error)) from error
