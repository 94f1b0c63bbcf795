"""What a command works with: the settings, the database, and in whose name it acts.

Exit codes say what happened: 0 done, 1 refused or not found, 2 the command or the settings cannot be used.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import click
from sqlalchemy.exc import DBAPIError

from idp.cli.printing import one_a_line
from idp.custody import load_kek
from idp.settings import Settings, SettingsRefused, load_settings
from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import open_engine
from idp.storage.handles import Clock, Entropy
from idp.storage.schema import SchemaMismatch, check_schema
from keys.errors import KeysError
from keys.kek import Kek

UNUSABLE = 2

config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings file; else IDP_CONFIG, else config/default.toml. IDP_* variables override it.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do it without asking, for scripts.")


class Unusable(click.ClickException):
    """The command cannot work with these settings, or on this machine, as it is."""

    exit_code = UNUSABLE


class Acting(TypedDict):
    """What every act asks for: in whose name, with what randomness, and when."""

    actor: str
    entropy: Entropy
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The parts that commands act with; `actor` is the name under which the audit trail has them."""

    settings: Settings
    database: Database
    actor: str
    clock: Clock = time.time
    entropy: Entropy = secrets.token_bytes

    def acting(self) -> Acting:
        """Give what an act asks for besides its subject, as of this moment."""
        return Acting(actor=self.actor, entropy=self.entropy, now=self.clock())

    def kek(self) -> Kek:
        """Load the key-encryption key.

        Raises:
            KekRefused: it is missing, damaged or readable by others.
            SignerAway: the token or service that holds it does not answer.
        """
        return load_kek(self.settings)


def read_settings(config: Path | None) -> Settings:
    """Read the settings; a fault ends the command with every fault on a line of its own.

    Raises:
        Unusable: the settings cannot be used.
    """
    try:
        return load_settings(config, os.environ)
    except SettingsRefused as error:
        raise Unusable(one_a_line("the settings cannot be used", error.faults)) from None


@contextmanager
def opened(config: Path | None) -> Iterator[Opened]:
    """Open the service's database for one command, and say in words what stands in the way.

    Raises:
        Unusable: settings, schema, keys or the database itself.
    """
    settings = read_settings(config)
    engine = open_engine(settings.database_url.get_secret_value(), pool_size=2)
    try:
        check_schema(engine)
        yield Opened(settings=settings, database=Database(engine), actor=acting_as())
    except (SchemaMismatch, KeysError) as error:
        raise Unusable(str(error)) from None
    except (StorageUnavailable, DBAPIError) as error:
        raise Unusable(f"the database cannot be used now: {_reason(error)}") from None
    finally:
        engine.dispose()


def _reason(error: Exception) -> str:
    """Say what the database said, without the statement and its parameters."""
    told = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(told).split())


def acting_as() -> str:
    """Name who runs the command, as the audit trail has it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"cli:{user}@{socket.gethostname()}"
