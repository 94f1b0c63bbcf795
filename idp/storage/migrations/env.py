"""Alembic's environment: runs on the connection that `idp.storage.schema` or a developer's `idp db revise` hands in."""

from typing import Literal, cast

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, BigInteger, Connection, MetaData


def run() -> None:
    """Run the migrations inside the caller's transaction."""
    attributes = context.config.attributes
    context.configure(
        connection=cast("Connection", attributes["connection"]),
        # Only autogenerate needs it; handed in, since storage imports no chapter.
        target_metadata=cast("MetaData | None", attributes.get("metadata")),
        # The connection is already in a transaction, and DDL is part of it on SQLite as well.
        transactional_ddl=True,
        # SQLite cannot alter a table that exists; a batch replaces it.
        render_as_batch=bool(attributes.get("alters")),
        render_item=name_shared_type,
    )
    with context.begin_transaction():
        context.run_migrations()


def name_shared_type(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write the types that differ between databases by the names that the template gives them."""
    if kind == "type" and isinstance(item, JSON):
        return "JSON_DOCUMENT"
    if kind == "type" and isinstance(item, BigInteger) and item._variant_mapping:  # noqa: SLF001
        return "BIG_NUMBER"
    return False


run()
