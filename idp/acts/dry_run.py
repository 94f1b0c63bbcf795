"""A transaction that may be a rehearsal: everything is done as it would be, and taken back at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection

from idp.storage.database import Database


class _DryRun(Exception):
    """Takes back what was written."""


@contextmanager
def writing_or_trying(database: Database, *, dry_run: bool) -> Iterator[Connection]:
    """Open a writing transaction; of a dry run nothing stays."""
    with suppress(_DryRun), database.writing() as connection:
        yield connection
        if dry_run:
            raise _DryRun
