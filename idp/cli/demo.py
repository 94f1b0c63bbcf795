"""``idp demo``: an issuer, two portals and invented people on this machine, in one command; Ctrl-C ends all of it.

The issuer is served as `idp serve` does; the portals run in a process beside it, which prints the tour once all answer.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path

import click

from idp.cli.demo_ports import HIGHEST_PORT, HOST, free_port, require_free_ports
from idp.cli.opened import Unusable, acting_as, json_option
from idp.demo.clients import demo_clients, portals
from idp.demo.people import PEOPLE
from idp.demo.place import Place, make_place, write_settings
from idp.demo.tour import facts, tour
from idp.settings import NOT_SETTINGS, PREFIX, Settings, SettingsRefused, load_settings
from idp.wire.bind import Bind

START_SECONDS = 30.0


@click.command("demo")
@click.option(
    "--port",
    envvar="IDP_DEMO_PORT",
    default=8000,
    show_default=True,
    type=click.IntRange(1, HIGHEST_PORT),
    show_envvar=True,
    help="The issuer's port; the portals take the next two.",
)
@json_option
def demo(port: int, *, as_json: bool) -> None:
    """Try it out: an issuer, two portals and people to sign in as, on this machine.

    \b
    idp demo
    idp demo --port 9100
    """
    require_free_ports(port)
    place = prepared_place(port)
    settings = settings_of(place)
    _ignored_variables()
    from idp.metrics.exposition import shared_folder

    # The folder must be known before anything that counts is imported.
    with shared_folder():
        prepare(settings)
        run(settings, greeting(settings, place, as_json=as_json), port)


def prepared_place(port: int) -> Place:
    """Make the folder of the demo and write its settings.

    Raises:
        Unusable: nowhere to write.
    """
    try:
        place = make_place(port, os.environ)
        write_settings(place, issuer=f"http://localhost:{port}", management_bind=f"{HOST}:{free_port()}")
    except OSError as error:
        raise Unusable(f"the demo has nowhere to keep its data: {error}") from None
    return place


def settings_of(place: Place) -> Settings:
    """Read the settings of the demo, and nobody else's: its people must never get into a configured database.

    Raises:
        Unusable: config/demo.toml was changed into something that cannot be used.
    """
    try:
        return load_settings(place.settings_file, {})
    except SettingsRefused as error:
        raise Unusable(f"{place.settings_file}: {error}") from None


def prepare(settings: Settings) -> None:
    """Bring schema, keys, clients and people up to date.

    Raises:
        Unusable: the demo's data cannot be used; it may be removed.
    """
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    from idp.accounts.policy import AccountRefused
    from idp.acts.initialise_keys import initialise_keys
    from idp.cli.first_password import hasher_for
    from idp.custody import kek_source, load_kek
    from idp.demo.clients import port_of
    from idp.demo.contracts import seed_contracts
    from idp.demo.factors import seed_factors
    from idp.demo.seed import ACTOR, seed_clients, seed_people
    from idp.issuance.ceiling import Ceiling
    from idp.storage.database import Database, StorageUnavailable
    from idp.storage.engine import open_engine
    from idp.storage.key_rows import load_secrets
    from idp.storage.schema import upgrade
    from keys.errors import KeysError

    engine = open_engine(settings.database_url.get_secret_value(), pool_size=2)
    entropy, now = secrets.token_bytes, time.time()
    database = Database(engine)
    try:
        upgrade(engine)
        initialise_keys(
            database,
            kek_source(settings),
            algorithms=settings.signing_algs,
            actor=acting_as(),
            now=now,
            entropy=entropy,
        )
        with database.writing() as connection:
            seed_clients(connection, demo_clients(port_of(settings.issuer)), entropy=entropy, now=now)
        seed_people(database, PEOPLE, hasher_for(settings, database, entropy), entropy=entropy, now=now)
        ceiling = Ceiling(settings.scope_permissions)
        seed_contracts(database, ceiling, actor=ACTOR, clock=lambda: now, entropy=entropy)
        with database.writing() as connection:
            opened = load_secrets(connection, load_kek(settings), entropy=entropy)
            seed_factors(connection, PEOPLE, opened.sealer("totp seed"), opened.mac_key("lookup.factors"), now=now)
    except (KeysError, CommandError, DBAPIError, StorageUnavailable, AccountRefused) as error:
        folder = settings.mail_folder.parent if settings.mail_folder else "it"
        raise Unusable(f"{error}\nThe demo cannot go on with its data: remove {folder} and start again.") from None
    finally:
        engine.dispose()


def greeting(settings: Settings, place: Place, *, as_json: bool) -> str:
    """Give what is printed once everything answers, for a person or for a program."""
    if as_json:
        return json.dumps(facts(settings.issuer, place.settings_file))
    shown = place.settings_file
    return tour(settings.issuer, from_here(shown), command=called_as())


def run(settings: Settings, words: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; these words are printed once everything answers."""
    from idp.cli.starting import faults_in_words
    from idp.operating.serving import process_context, serve

    beside = process_context().Process(
        name="idp-portals", target=_portals, args=(settings.issuer, words, port, os.getpid())
    )
    beside.start()
    try:
        with faults_in_words():
            serve(settings, Bind(HOST, port), workers=1, clock=time.time, entropy=secrets.token_bytes)
    finally:
        beside.terminate()
        beside.join()
    click.echo("\nThe demo has ended; its data is kept for the next time.", err=True)


def _portals(issuer: str, words: str, port: int, parent: int) -> None:
    """Be the portals' process: serve them, print the words, and wait to be ended by the parent."""
    from idp.demo.portals import serve_portals
    from idp.operating.parentage import end_with_parent

    # Ctrl-C reaches every process of the terminal; the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent(parent)
    serve_portals(portals(port), issuer=issuer, port=port)
    if _answers(port):
        click.echo(words)
    signal.pause()


def called_as() -> str:
    """Give what to type for this program: its name, or its path in a .venv that nobody has activated."""
    program = Path(sys.argv[0])
    if program.name != "idp":
        return "python -m idp.cli"
    return "idp" if shutil.which("idp") else str(from_here(program))


def from_here(path: Path) -> Path:
    """Give a path as short as it can be said in the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _answers(port: int) -> bool:
    """Wait until the issuer is ready; False when it is not within its time, and serve says why."""
    import requests

    for _ in range(int(START_SECONDS / 0.1)):
        try:
            if requests.get(f"http://{HOST}:{port}/readyz", timeout=2).ok:
                return True
        except requests.RequestException:
            pass
        time.sleep(0.1)
    return False


def _ignored_variables() -> None:
    """Say which variables are set and have no say here."""
    ignored = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in NOT_SETTINGS)
    if ignored:
        click.echo(f"Ignored by the demo, which keeps to itself: {', '.join(ignored)}", err=True)
