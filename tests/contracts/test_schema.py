"""The migrations, on SQLite and PostgreSQL: they make what the models say, wholly or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import Engine, event, inspect, text

from idp.cli.db import db, metadata
from idp.storage.engine import open_engine
from idp.storage.prune import prunable_names
from idp.storage.schema import SchemaMismatch, check_schema, upgrade
from tests.support.missing import Missing, skip_or_fail
from tests.support.postgresql import create_database
from tests.support.racing import upgrade_in_processes
from tests.support.services import service_url


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bare.sqlite"
    try:
        return create_database(service_url("postgresql"), f"bare_{token_hex(8)}")
    except Missing as error:
        skip_or_fail(error)


@pytest.fixture
def bare(bare_url: str) -> Iterator[Engine]:
    """Give the engine of a database with nothing in it."""
    engine = open_engine(bare_url)
    yield engine
    engine.dispose()


def test_the_migrations_make_what_the_models_say(bare: Engine) -> None:
    """After an upgrade from nothing, autogenerate finds no difference."""
    upgrade(bare)
    check_schema(bare)
    with bare.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert [] == compare_metadata(context, metadata())


def test_an_upgrade_of_what_is_current_changes_nothing(bare: Engine) -> None:
    """Running it again is harmless."""
    upgrade(bare)
    before = sorted(inspect(bare).get_table_names())
    upgrade(bare)
    assert sorted([*metadata().tables, "alembic_version"]) == before == sorted(inspect(bare).get_table_names())


def test_two_upgrades_at_once_are_harmless(bare_url: str) -> None:
    """Two nodes that are started together both find the schema current."""
    upgrade_in_processes(bare_url, processes=3)


def test_an_empty_database_is_refused(bare: Engine) -> None:
    """The program says what is missing and which command makes it."""
    with pytest.raises(SchemaMismatch, match=r"has schema none.*run `idp db upgrade`"):
        check_schema(bare)


def test_a_newer_database_is_refused(bare: Engine) -> None:
    """A schema that a newer version has made is not touched, and the message does not send people to upgrade it."""
    upgrade(bare)
    with bare.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match="9999, which this program does not know"):
        check_schema(bare)


@contextmanager
def dying_at(table: str) -> Iterator[None]:
    """Let every connection fail when it comes to make this table."""

    def die(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if f"CREATE TABLE {table}" in statement:
            raise ZeroDivisionError

    event.listen(Engine, "before_cursor_execute", die)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", die)


def test_an_interrupted_upgrade_has_not_happened(bare: Engine) -> None:
    """F30: what dies half-way leaves nothing behind, and the next run completes."""
    with dying_at("marks"), pytest.raises(ZeroDivisionError):
        upgrade(bare)
    assert [] == inspect(bare).get_table_names()
    upgrade(bare)
    check_schema(bare)


def test_foreign_keys_are_kept_after_an_upgrade(bare: Engine) -> None:
    """SQLite's references, off while tables are replaced, are on again on the same connection."""
    upgrade(bare)
    if bare.dialect.name == "sqlite":
        with bare.connect() as connection:
            assert 1 == connection.execute(text("PRAGMA foreign_keys")).scalar_one()


def test_the_commands(bare_url: str) -> None:
    """An operator checks, upgrades, checks again and prunes."""

    def run(command: str, *options: str) -> tuple[int, str]:
        result = CliRunner().invoke(db, [command, "--database-url", bare_url, *options])
        return result.exit_code, result.output

    code, words = run("check")
    assert (1, True) == (code, "run `idp db upgrade`" in words)
    assert (0, "The schema is up to date.\n") == run("upgrade")
    assert (0, {"schema": "current"}) == (run("check")[0], json.loads(run("check", "--json")[1]))
    removed = json.loads(run("prune", "--json")[1])
    assert dict.fromkeys(prunable_names(), 0) == removed
