"""What every table has in common: one declarative base, one way to name constraints, one type for each kind of fact.

Invariant: the same models make the same tables on SQLite and PostgreSQL, and every constraint has a name that a
migration can address.
"""

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, Double, Integer, MetaData, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, mapped_column
from sqlalchemy.types import TypeEngine

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """The base of every row; constructors take keyword arguments only."""

    metadata = MetaData(naming_convention=NAMES)


Instant = Annotated[float, mapped_column(Double)]
"""A moment: seconds since the epoch, UTC. Use as ``Mapped[Instant]`` or ``Mapped[Instant | None]``."""

JsonType: TypeEngine[Any] = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON document: JSON on SQLite, JSONB on PostgreSQL; None is SQL NULL. Use as ``mapped_column(JsonType)``."""

BigNumber: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit number that may also be an automatic primary key on SQLite (which wants the word INTEGER for it)."""

Json = Annotated[dict[str, Any], mapped_column(JsonType)]
"""A JSON object column, as ``Mapped[Json]`` or ``Mapped[Json | None]``."""

JsonList = Annotated[list[str], mapped_column(JsonType)]
"""A column holding a JSON array of strings."""


def table_of(model: type[Base]) -> Table:
    """Give a model's table, for Core statements; SQLAlchemy's own attribute is typed as less than it is."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not mapped to a table")
    return table
