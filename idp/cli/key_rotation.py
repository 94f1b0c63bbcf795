"""``idp keys rotate | activate``: let a staged key sign, the one that has waited longest or the one named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from idp.acts.rotate_key import Rotation, rotate_key
from idp.cli.key_lives import algorithm_of, pick_up_of, refused_in_words
from idp.cli.opened import Opened, config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_json, when
from idp.storage.key_rows import read_ring
from keys.algorithms import algorithm as algorithm_named
from keys.records import KeyRecord
from keys.rotation import keys_of, plan_rotation, rotation_under_way


@click.command("rotate")
@click.argument("algorithm")
@yes_option
@config_option
@json_option
def rotate_command(algorithm: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Put the staged key of an algorithm into service; the one before it is still published and signs no more.

    \b
    idp keys rotate ES256
    """
    with opened(config) as service, refused_in_words():
        confirm(_plan(service, algorithm), yes=yes)
        done = _rotated(service, algorithm)
    if as_json:
        print_json(asdict(done))
        return
    if done.by_another:
        click.echo("Somebody else is rotating this key at this moment; nothing was done twice.")
    click.echo(f"{done.activated} signs with {algorithm} from {when(done.effective_at)} on.")
    if done.retired:
        click.echo(f"{done.retired} signs no more; it stays published.")
    if done.staged:
        click.echo(f"{done.staged} is staged for the next time.")


@click.command("activate")
@click.argument("kid")
@yes_option
@config_option
@json_option
def activate_command(kid: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Let this staged key sign; `rotate` takes the one that was staged first.

    \b
    idp keys activate KID
    """
    with opened(config) as service, refused_in_words():
        with service.database.reading() as connection:
            algorithm = algorithm_of(connection, kid)
        confirm(f"{kid} starts to sign with {algorithm}; the key that signs now stops, for good.", yes=yes)
        done = _rotated(service, algorithm, kid=kid)
    if as_json:
        print_json(asdict(done))
    else:
        click.echo(f"{done.activated} signs with {algorithm} from {when(done.effective_at)} on.")


def _plan(service: Opened, algorithm: str) -> str:
    algorithm_named(algorithm)
    keys = _keys(service, algorithm)
    plan = rotation_under_way(keys, service.clock()) or plan_rotation(keys, algorithm=algorithm)
    published = when(plan.activate.staged_at)
    lines = [
        f"{plan.activate.kid} starts to sign with {algorithm}; apps have been able to fetch it since {published}.",
        "A new key is staged for the next time.",
    ]
    if plan.retire is not None:
        lines.insert(1, f"{plan.retire.kid} signs no more, for good; it stays published for what it has signed.")
    return "\n".join(lines)


def _keys(service: Opened, algorithm: str) -> Sequence[KeyRecord]:
    with service.database.reading() as connection:
        return keys_of(read_ring(connection).records, algorithm=algorithm)


def _rotated(service: Opened, algorithm: str, *, kid: str | None = None) -> Rotation:
    return rotate_key(
        service.database,
        service.kek(),
        algorithm=algorithm,
        kid=kid,
        pick_up=pick_up_of(service),
        actor=service.actor,
        clock=service.clock,
        entropy=service.entropy,
    )
