"""``idp db``: bring the schema up to date, check it, and remove what has outlived its use.

`metadata` knows every table: it imports each chapter's models, which nothing below this layer may do.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeVar

import click
from sqlalchemy import Engine, MetaData

import idp
from idp.storage.models import Base

STORAGE_TABLES = (
    "approval_models",
    "call_models",
    "incident_models",
    "key_models",
    "marks",
    "revisions",
    "spent",
    "sql_store",
)

_Command = TypeVar("_Command", bound=Callable[..., Any])
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _remember(context: click.Context, _parameter: click.Parameter, config: Path | None) -> None:
    context.meta["idp.config"] = config


def _from_settings(context: click.Context, _parameter: click.Parameter, url: str | None) -> str:
    """Give the address that was named, else that of the settings."""
    from idp.cli.opened import read_settings

    return url or read_settings(context.meta["idp.config"]).database_url.get_secret_value()


def database_url(command: _Command) -> _Command:
    """Give a command its database: --database-url, IDP_DATABASE_URL, or what the settings file says."""
    command = click.option(
        "--database-url",
        envvar="IDP_DATABASE_URL",
        callback=_from_settings,
        help="sqlite:// or postgresql://; else what the settings say.",
    )(command)
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        is_eager=True,
        expose_value=False,
        callback=_remember,
        help="The settings file; else IDP_CONFIG, else config/default.toml.",
    )(command)


def metadata() -> MetaData:
    """Return every table of every chapter: a chapter's tables stand in its modules named ``…models``."""
    for chapter in iter_modules(idp.__path__):
        if chapter.ispkg:
            _import_models(chapter.name)
    for name in STORAGE_TABLES:
        import_module(f"idp.storage.{name}")
    return Base.metadata


def _import_models(chapter: str) -> None:
    for module in iter_modules([str(Path(idp.__path__[0]) / chapter)]):
        if module.name.endswith("models"):
            import_module(f"idp.{chapter}.{module.name}")


@click.group("db")
def db() -> None:
    """The database: upgrade, check, prune, and what to end after a restore."""


@db.command("upgrade")
@database_url
@as_json
def upgrade_command(database_url: str, *, as_json: bool) -> None:
    """Bring the schema to what this version needs."""
    from idp.storage.schema import upgrade

    with _engine(database_url) as engine:
        upgrade(engine)
    click.echo(json.dumps({"schema": "current"}) if as_json else "The schema is up to date.")


@db.command("check")
@database_url
@as_json
def check_command(database_url: str, *, as_json: bool) -> None:
    """Say whether the schema is what this version needs; exit 1 if not."""
    from idp.storage.schema import SchemaMismatch, check_schema

    with _engine(database_url) as engine:
        try:
            check_schema(engine)
        except SchemaMismatch as error:
            click.echo(json.dumps({"schema": "mismatch", "reason": str(error)}) if as_json else str(error))
            raise SystemExit(1) from None
    click.echo(json.dumps({"schema": "current"}) if as_json else "The schema is up to date.")


@db.command("prune")
@database_url
@as_json
def prune_command(database_url: str, *, as_json: bool) -> None:
    """Remove what has outlived its use, in small transactions, while people sign in."""
    from idp.storage.database import Database
    from idp.storage.prune import prune

    metadata()
    with _engine(database_url) as engine:
        removed = prune(Database(engine), time.time())
    if as_json:
        click.echo(json.dumps(removed))
        return
    for name, count in removed.items():
        click.echo(f"{count:8}  {name}")


@db.command("restored")
@click.option("--yes", is_flag=True, help="Do it without asking, for scripts.")
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="The settings file, as for every command."
)
@as_json
def restored_command(*, yes: bool, config: Path | None, as_json: bool) -> None:
    """After the database was restored: end what the backup brought back to life.

    \b
    idp db restored
    """
    from idp.acts.after_restore import after_restore
    from idp.cli.opened import opened
    from idp.cli.printing import confirm
    from idp.cli.restored_words import QUESTION, said

    with opened(config) as service:
        confirm(QUESTION, yes=yes)
        with service.database.writing() as connection:
            ended = after_restore(connection, **service.acting())
    click.echo(json.dumps(asdict(ended)) if as_json else said(ended))


@db.command("revise", hidden=True)
@click.argument("revision")
@click.argument("message")
def revise_command(revision: str, message: str) -> None:
    """Write a migration from how the models differ from the migrations; see idp/storage/migrations/README.md."""
    from alembic import command

    from idp.storage.schema import migrations, upgrade

    with _engine("sqlite://") as engine:
        upgrade(engine)
        with engine.begin() as connection:
            config = migrations(connection)
            config.attributes.update(metadata=metadata(), alters=revision != "0001")
            command.revision(config, message, autogenerate=True, rev_id=revision)


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    from idp.storage.engine import open_engine

    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()
