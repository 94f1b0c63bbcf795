"""Marks say that something ended: a grant, a session, an account, a key; every process learns them by polling.

Invariant: whatever ends something writes its mark in the same transaction. A token is refused when anything it
carries has a mark whose `not_before` is later than the token's issue. `id` is empty for the kind ``all``.
Each row also holds the database's own time: nodes with unequal clocks still agree on what was written lately.
"""

from typing import Literal, NamedTuple, cast

from sqlalchemy import Connection, Double, Index, String, insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from idp.storage.models import Base, BigNumber, Instant
from idp.storage.prune import prunable

Kind = Literal["grant", "session", "account", "client", "organisation", "delegation", "kid", "all"]

KEEP_SECONDS = 7200.0
"""Marks outlive every access token (five minutes) by far; what lives longer is looked up in its own row."""

WRITTEN = "idp_marks"
"""Execution option under which `Database.writing` collects the marks of its transaction."""


class Mark(NamedTuple):
    """What ended, and the moment before which everything issued for it is void."""

    kind: Kind
    id: str
    not_before: float
    written_at: float


class database_time(FunctionElement[float]):  # noqa: N801 - used like SQLAlchemy's own functions
    """The database's clock while the statement runs, in seconds since the epoch."""

    type = Double()
    inherit_cache = True


@compiles(database_time, "postgresql")
def _postgresql_time(_element: database_time, _compiler: SQLCompiler, **_options: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


@compiles(database_time, "sqlite")
def _sqlite_time(_element: database_time, _compiler: SQLCompiler, **_options: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


class MarkRow(Base):
    """One mark; `stored_at` is the database's time, the others are the writer's."""

    __tablename__ = "marks"
    __table_args__ = (Index("ix_marks_stored_at", "stored_at"), Index("ix_marks_written_at", "written_at"))

    number: Mapped[int] = mapped_column(BigNumber, primary_key=True, init=False)
    kind: Mapped[str] = mapped_column(String(16))
    id: Mapped[str] = mapped_column(String(128))
    not_before: Mapped[Instant]
    written_at: Mapped[Instant]
    stored_at: Mapped[Instant]


prunable("marks", MarkRow.__table__, MarkRow.__table__.c.written_at, KEEP_SECONDS)


def write_mark(connection: Connection, *, kind: Kind, id: str, not_before: float, now: float) -> Mark:
    """Write that everything issued for (kind, id) before `not_before` is void.

    Inside `Database.writing` the mark reaches this process's subscribers right after the commit.
    """
    mark = Mark(kind, id, not_before, now)
    connection.execute(insert(MarkRow).values(**mark._asdict(), stored_at=database_time()))
    written = cast("list[Mark] | None", connection.get_execution_options().get(WRITTEN))
    if written is not None:
        written.append(mark)
    return mark
