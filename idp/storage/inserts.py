"""INSERT with ON CONFLICT, which both databases know and SQLAlchemy spells once for each."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def insert_for(dialect: str) -> type[postgresql.Insert | sqlite.Insert]:
    """Give the INSERT of a database that knows ON CONFLICT."""
    return postgresql.Insert if dialect == "postgresql" else sqlite.Insert
