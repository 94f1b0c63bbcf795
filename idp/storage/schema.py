"""The schema of the database: bringing it up to date, and refusing to run on one that this program does not know.

Invariant: an upgrade happens in one transaction, on SQLite too; killed in the middle, it has not happened. A program
never starts on a schema older or newer than its own.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import cast

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

FOLDER = Path(__file__).with_name("migrations")

_one_at_a_time = Lock()

LOCK_TIMEOUT = "5s"
"""An upgrade that waits for a table blocks everyone behind it: rather give up and be run again."""


class SchemaMismatch(Exception):
    """The database's schema is not the one this program was made for; the message names the remedy."""


def migrations(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration for our migrations, to run on this connection."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def check_schema(engine: Engine) -> None:
    """Return if the database has exactly this program's schema.

    Raises:
        SchemaMismatch: It has none, an older or an unknown one.
    """
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    wanted, known = _revisions()
    if set(current) == wanted:
        return
    if not set(current) <= known:
        raise SchemaMismatch(
            f"the database has schema {', '.join(current)}, which this program does not know: "
            "it was upgraded by a newer version; install that one"
        )
    raise SchemaMismatch(
        f"the database has schema {', '.join(current) or 'none'}, this program needs {', '.join(wanted)}: "
        "run `idp db upgrade`"
    )


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """Give the newest revisions of this program, and all that it knows."""
    script = ScriptDirectory.from_config(migrations())
    return frozenset(script.get_heads()), frozenset(revision.revision for revision in script.walk_revisions())


def upgrade(engine: Engine) -> None:
    """Bring the database to this program's schema. Two at once are harmless: one does it.

    Raises:
        sqlalchemy.exc.DBAPIError: It failed and nothing was changed; run it again.
    """
    try:
        # Alembic's environment is one per process.
        with _one_at_a_time, _for_upgrading(engine) as connection:
            command.upgrade(migrations(connection), "head")
    except DBAPIError:
        # The other of two upgrades has won, or else this raises too.
        try:
            check_schema(engine)
        except SchemaMismatch:
            pass
        else:
            return
        raise


@contextmanager
def _for_upgrading(engine: Engine) -> Iterator[Connection]:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection, _foreign_keys_off(connection), connection.begin():
            yield connection
        return
    # An upgrade may take longer than any request's statement.
    options = {"options": f"-c lock_timeout={LOCK_TIMEOUT}"}
    patient = create_engine(engine.url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    with patient.begin() as connection:
        yield connection


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """SQLite alters a table by replacing it; dropping the old one would delete what refers to it."""
    raw = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")
