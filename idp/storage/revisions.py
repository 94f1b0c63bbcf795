"""Revisions tell that a cached set changed: a counter per name ("clients", "keys"), raised with the change.

Invariant: who changes a client or a key bumps its counter in the same transaction; the row's lock puts concurrent
changes in order, so that a higher number always shows every earlier change.
"""

from typing import cast

from sqlalchemy import BigInteger, Connection, String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base

BUMPED = "idp_revisions"
"""Execution option under which `Database.writing` collects the names bumped in its transaction."""


class RevisionRow(Base):
    """How often the set of this name has changed."""

    __tablename__ = "revisions"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


def bump(connection: Connection, name: str) -> None:
    """Say that the set of this name changes with this transaction."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(RevisionRow).values(name=name, number=1)
    number = RevisionRow.__table__.c.number + 1
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"number": number}))
    bumped = cast("list[str] | None", connection.get_execution_options().get(BUMPED))
    if bumped is not None:
        bumped.append(name)


def read_revisions(connection: Connection) -> dict[str, int]:
    """Return every counter by name; a name never bumped is absent."""
    rows = connection.execute(select(RevisionRow.name, RevisionRow.number))
    return {row.name: row.number for row in rows}
