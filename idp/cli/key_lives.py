"""``idp keys stage | canary | retire | remove``: one key at a time, where the schedule does not do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import Connection

from idp.acts.canary_key import NotItsClients, canary_key
from idp.acts.remove_key import MovedKey, remove_key, retire_key
from idp.acts.stage_key import stage_key
from idp.cli.opened import Opened, config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_json, when
from idp.clients.client import Client
from idp.clients.directory import ClientDirectory
from idp.issuance.pick_up import NotPickedUp, PickUp
from idp.storage.key_rows import RingMoved, read_ring
from keys.errors import ForbiddenTransition, NothingStaged, StillNeeded, UnknownKey, UnsupportedAlgorithm
from keys.states import KeyState

REFUSALS = (ForbiddenTransition, NotItsClients, NotPickedUp, NothingStaged, RingMoved, StillNeeded, UnknownKey)


@contextmanager
def refused_in_words() -> Iterator[None]:
    """End the command with 1 and the reason where the ring refuses, with 2 where the algorithm is none of ours.

    Raises:
        ClickException: the reason.
    """
    try:
        yield
    except UnsupportedAlgorithm as error:
        raise click.UsageError(str(error)) from None
    except REFUSALS as error:
        raise click.ClickException(str(error)) from None


def pick_up_of(service: Opened) -> PickUp:
    """Give whom a new key must have reached before it signs: every registered client."""
    return PickUp(registered_clients(service), service.settings.pick_up_seconds)


def registered_clients(service: Opened) -> tuple[Client, ...]:
    """Read every registered client."""
    directory = ClientDirectory(service.database)
    directory.reload()
    return directory.all()


@click.command("stage")
@click.argument("algorithm")
@click.option("--standby", is_flag=True, help="Make the key for emergencies instead of the next in line.")
@config_option
@json_option
def stage_command(algorithm: str, *, standby: bool, config: Path | None, as_json: bool) -> None:
    """Make and publish the key that follows the active one, if none waits; the schedule does this by itself.

    \b
    idp keys stage ES256
    """
    with opened(config) as service, refused_in_words():
        staged = stage_key(
            service.database,
            service.kek(),
            algorithm=algorithm,
            state=KeyState.STANDBY if standby else KeyState.STAGED,
            actor=service.actor,
            clock=service.clock,
            entropy=service.entropy,
        )
    if as_json:
        print_json(asdict(staged))
    else:
        click.echo(f"{staged.kid} is {staged.state}, {'from now on' if staged.made else 'and was before'}.")


@click.command("canary")
@click.argument("algorithm")
@click.option("--client", "client_ids", multiple=True, help="An app that gets tokens of the staged key now.")
@click.option("--back", is_flag=True, help="No app does any more.")
@config_option
@json_option
def canary_command(
    algorithm: str, *, client_ids: tuple[str, ...], back: bool, config: Path | None, as_json: bool
) -> None:
    """Let the staged key sign for chosen apps first; `rotate` then lets it sign for all, `--back` for none.

    \b
    idp keys canary ES256 --client driver-portal
    idp keys canary ES256 --back
    """
    if back == bool(client_ids):
        raise click.UsageError("name apps by --client, or take the trial back by --back")
    with opened(config) as service, refused_in_words():
        trial = canary_key(
            service.database,
            service.kek(),
            algorithm=algorithm,
            client_ids=client_ids,
            pick_up=pick_up_of(service),
            actor=service.actor,
            clock=service.clock,
            entropy=service.entropy,
        )
    if as_json:
        print_json(asdict(trial))
    elif back:
        click.echo(f"{trial.kid} signs for nobody any more, from {when(trial.effective_at)} on.")
    else:
        click.echo(f"{trial.kid} signs for {', '.join(trial.clients)} from {when(trial.effective_at)} on.")


@click.command("retire")
@click.argument("kid")
@yes_option
@config_option
@json_option
def retire_command(kid: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """End an algorithm: its active key signs no more, and none follows it. Refused while clients use it.

    \b
    idp keys retire KID
    """
    with opened(config) as service, refused_in_words():
        with service.database.reading() as connection:
            algorithm = algorithm_of(connection, kid)
        plan = f"Nothing signs with {algorithm} any more; take it out of signing_algs, too, or the start is refused."
        confirm(plan, yes=yes)
        moved = retire_key(
            service.database,
            kid=kid,
            in_use=[client.client_id for client in registered_clients(service) if algorithm in client.token_algs],
            actor=service.actor,
            clock=service.clock,
            entropy=service.entropy,
        )
    _told(moved, "signs no more; it stays published", as_json=as_json)


@click.command("remove")
@click.argument("kid")
@yes_option
@config_option
@json_option
def remove_command(kid: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Take a key out of the JWKS that signs no more, or that never did; the schedule does this by itself.

    \b
    idp keys remove KID
    """
    with opened(config) as service, refused_in_words():
        confirm(f"{kid} leaves the JWKS for good. Old ID tokens that it has signed still end sessions.", yes=yes)
        moved = remove_key(
            service.database,
            service.settings.timetable,
            kid=kid,
            actor=service.actor,
            clock=service.clock,
            entropy=service.entropy,
        )
    _told(moved, "has left the JWKS", as_json=as_json)


def _told(moved: MovedKey, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(moved))
    else:
        click.echo(f"{moved.kid} {words}, from {when(moved.effective_at)} on.")


def algorithm_of(connection: Connection, kid: str) -> str:
    """Give the algorithm of a key.

    Raises:
        UnknownKey: there is none of this kid.
    """
    for key in read_ring(connection).records:
        if key.kid == kid and key.public_jwk:
            return key.algorithm
    raise UnknownKey(f"no signing key has the kid {kid}")
