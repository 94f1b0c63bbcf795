"""Clean-up of every growing table while people use it: what is too old goes, in small transactions.

Invariant: a table that grows is registered beside its model, and nothing is removed before it has stopped mattering.
Two prunings at once are harmless: on PostgreSQL each skips the rows that the other holds.
"""

from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, cast

from sqlalchemy import ColumnElement, Connection, Delete, FromClause, Table, delete, select, tuple_

BATCH = 500
"""Rows removed by one transaction: few enough that no sign-in waits noticeably for it."""


class Writes(Protocol):
    """As much of a `Database` as pruning needs."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a writing transaction."""


class Prunable(NamedTuple):
    """A table, and which of its rows are due."""

    table: Table
    column: ColumnElement[Any]
    keep_seconds: float
    where: ColumnElement[bool] | None

    def batch(self, now: float, *, skip_locked: bool) -> Delete:
        """Return the statement that removes the next few rows that are due."""
        due = select(*self.table.primary_key).where(self.column < now - self.keep_seconds).limit(BATCH)
        if self.where is not None:
            due = due.where(self.where)
        if skip_locked:
            due = due.with_for_update(skip_locked=True)
        return delete(self.table).where(tuple_(*self.table.primary_key).in_(due))


_registry: dict[str, Prunable] = {}


def prunable(
    name: str,
    table: FromClause,
    column: str | ColumnElement[Any],
    keep_seconds: float,
    *,
    where: ColumnElement[bool] | None = None,
) -> None:
    """Register a table: rows go whose `column` (an instant) is `keep_seconds` past and for which `where` holds.

    Rows whose column is NULL stay. Call it beside the model: ``prunable("codes", Code.__table__, "expires_at", DAY)``.
    Tables are pruned in the order of their registration: register what refers to another table before that one.
    """
    instant = table.c[column] if isinstance(column, str) else column
    _registry[name] = Prunable(cast("Table", table), instant, keep_seconds, where)


def prunable_names() -> list[str]:
    """Return what would be pruned, in order."""
    return list(_registry)


def prune(database: Writes, now: float) -> dict[str, int]:
    """Remove everything that is due; returns how many rows went, by registered name.

    Raises:
        StorageUnavailable: The database failed; what was removed before stays removed.
    """
    return {name: _prune_one(database, entry, now) for name, entry in _registry.items()}


def _prune_one(database: Writes, entry: Prunable, now: float) -> int:
    removed = 0
    while True:
        with database.writing() as connection:
            batch = entry.batch(now, skip_locked=connection.dialect.name == "postgresql")
            count = connection.execute(batch).rowcount
        removed += count
        if count < BATCH:
            return removed
