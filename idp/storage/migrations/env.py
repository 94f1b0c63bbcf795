
"""Alembic's environment: runs on the connection that `idp.storage.schema` or a developer's `idp db revise` hands in."""

from typing import cast

from alembic import context
from sqlalchemy import Connection, MetaData


def run() -> None:
    """Run the migrations inside the caller's transaction."""
    attributes = context.config.attributes
    context.configure(
        connection=cast("Connection", attributes["connection"]),
        # Only autogenerate needs it; handed in, since storage imports no chapter.
        target_metadata=cast("MetaData | None", attributes.get("metadata")),
        # The connection is already in a transaction, and DDL is part of it on SQLite as well.
        transactional_ddl=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
