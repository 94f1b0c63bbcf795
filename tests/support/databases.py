"""Databases with the schema in them: made once per session as a template, then copied, then emptied between tests."""

import os
import shutil
from pathlib import Path

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Engine, NullPool, create_engine

from idp.cli.db import metadata
from idp.storage.engine import database_url, open_engine
from idp.storage.schema import migrations, upgrade
from tests.support.folders import one_at_a_time, shared_file
from tests.support.postgresql import create_database
from tests.support.services import service_url

TEMPLATE = "idp_template"


def create_schema(engine: Engine) -> None:
    """Create the tables by the migrations; while those lag behind the models, by the models."""
    if ScriptDirectory.from_config(migrations()).get_heads():
        upgrade(engine)
        with engine.connect() as connection:
            if not compare_metadata(MigrationContext.configure(connection), metadata()):
                return
        with engine.begin() as connection:
            found = metadata().__class__()
            found.reflect(connection)
            found.drop_all(connection)
    metadata().create_all(engine)


def copy_sqlite(file: Path) -> str:
    """Make a SQLite database with the schema at this path; returns its address."""
    template = shared_file("template.sqlite")
    with one_at_a_time(template):
        if not template.exists():
            draft = template.with_suffix(".draft")
            engine = open_engine(f"sqlite:///{draft}")
            create_schema(engine)
            engine.dispose()
            draft.rename(template)
    shutil.copyfile(template, file)
    return f"sqlite:///{file}"


def copy_postgresql(name: str) -> str:
    """Make a database of this name with the schema on the session's server; returns its address.

    Raises:
        Missing: PostgreSQL is not installed.
    """
    server = service_url("postgresql")
    made = shared_file("template.postgresql.made")
    with one_at_a_time(made):
        if not made.exists():
            engine = create_engine(database_url(create_database(server, TEMPLATE)), poolclass=NullPool)
            create_schema(engine)
            engine.dispose()
            made.touch()
        return create_database(server, name, template=TEMPLATE)


def empty_postgresql(url: str) -> None:
    """Remove every row, and end whatever connections an earlier test left behind (they may hold locks)."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        tables = sql.SQL(", ").join(sql.Identifier(row[0]) for row in rows)
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))


def worker_number() -> int:
    """Return which pytest-xdist worker this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
