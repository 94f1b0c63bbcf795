"""How the database is reached: SQLAlchemy engines for SQLite and PostgreSQL, with every wait bounded.

Invariant: nothing waits longer than a few seconds, and a connection that the server has closed is replaced at
checkout instead of failing a request. SQLite writes with BEGIN IMMEDIATE (a deferred transaction that starts to write
late fails at once with "database is locked"); PostgreSQL runs READ COMMITTED, its default.
"""

import sqlite3
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from idp.storage.patience import CONNECT_SECONDS, PatientConnection, is_abandoned

BUSY_SECONDS = 5.0
"""How long SQLite waits for another writer."""

POOL_SECONDS = 1.0
"""How long a thread waits for a free connection."""

RECYCLE_SECONDS = 1800
"""After this time a connection is replaced, so that a moved address or a drained balancer is followed."""

SERVER_SETTINGS = {
    "statement_timeout": "2s",
    "idle_in_transaction_session_timeout": "5s",
}

READING = "idp_reading"
"""Execution option of connections that only read."""


def engine_options(url: str, pool_size: int = 8) -> dict[str, Any]:
    """Return the keyword arguments for `create_engine`, also right for Flask-SQLAlchemy's engine options."""
    common: dict[str, Any] = {
        "poolclass": QueuePool,
        "pool_timeout": POOL_SECONDS,
        "max_overflow": 0,
        # Parameters are people's addresses and the digests of their secrets: not for tracebacks and logs.
        "hide_parameters": True,
    }
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        # One connection *is* a database in memory: more would be strangers to each other.
        size = 1 if parsed.database in (None, "", ":memory:") else pool_size
        arguments = {"isolation_level": None, "timeout": BUSY_SECONDS, "check_same_thread": False}
        return common | {"pool_size": size, "connect_args": arguments}
    settings = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "idp",
        "options": _server_options(parsed),
        # psycopg would prepare what is asked often, and have the server forget everything prepared, ours too, at each
        # rollback. What is worth preparing is in idp.storage.prepared.
        "prepare_threshold": None,
    }
    return common | {
        "pool_size": pool_size,
        "pool_pre_ping": False,
        "pool_recycle": RECYCLE_SECONDS,
        "pool_use_lifo": True,
        "connect_args": settings,
    }


def database_url(url: str) -> URL:
    """Understand a database address; everything libpq understands for PostgreSQL, several hosts included.

    Raises:
        ValueError: It names neither SQLite nor PostgreSQL, or cannot be read.
    """
    scheme = url.partition(":")[0]
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        parts = {name: str(value) for name, value in conninfo_to_dict(_libpq(url)).items() if value is not None}
        user, password, name = (parts.pop(key, None) for key in ("user", "password", "dbname"))
        return URL.create("postgresql+psycopg", username=user, password=password, database=name, query=parts)
    if scheme.partition("+")[0] == "sqlite":
        return make_url(url)
    message = f"a database address starts with sqlite:// or postgresql://, this one with {scheme[:20]!r}"
    raise ValueError(message)


def open_engine(url: str, pool_size: int = 8) -> Engine:
    """Open a prepared engine with its pool; connects at first use. Open it after forking, never before."""
    return prepare(create_engine(database_url(url), **engine_options(url, pool_size)))


def prepare(engine: Engine) -> Engine:
    """Attach what each kind of database needs to an engine made with `engine_options`; returns the same engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_on_sqlite)
    else:
        event.listen(engine, "do_connect", _connect_patiently)
        event.listen(engine, "checkout", _refuse_abandoned)
    event.listen(engine, "before_cursor_execute", _refuse_writing_while_reading)
    return engine


def _libpq(url: str) -> str:
    """Turn SQLAlchemy's spelling of the scheme into the one that libpq reads."""
    return "postgresql:" + url.partition(":")[2]


def _server_options(url: URL) -> str:
    """Join our settings with those of the address, which come later and therefore win."""
    ours = " ".join(f"-c {name}={value}" for name, value in SERVER_SETTINGS.items())
    theirs = url.query.get("options", "")
    return f"{ours} {theirs if isinstance(theirs, str) else ' '.join(theirs)}".strip()


def _set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for pragma in (
        "journal_mode = WAL",
        # WAL with NORMAL may lose the last commits when power fails: a code spent in them could be spent again.
        "synchronous = FULL",
        "foreign_keys = ON",
        # Functions and views in a tampered schema must not run with our rights.
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_on_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _connect_patiently(
    _dialect: Dialect, _entry: ConnectionPoolEntry, positional: list[Any], named: dict[str, Any]
) -> PatientConnection:
    return PatientConnection.connect(*positional, **named)


def _refuse_abandoned(connection: object, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    if isinstance(connection, PatientConnection) and is_abandoned(connection):
        raise DisconnectionError


def _refuse_writing_while_reading(
    connection: Connection,
    _cursor: object,
    statement: str,
    _parameters: object,
    context: DefaultExecutionContext | None,
    _many: object,
) -> None:
    """Catch a write through `Database.reading`: PostgreSQL would commit it at once, outside of any transaction."""
    if context is None or not (context.isinsert or context.isupdate or context.isdelete):
        return
    if connection.get_execution_options().get(READING):
        message = f"a reading connection was asked to write: {statement[:60]}"
        raise AssertionError(message)
