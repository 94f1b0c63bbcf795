"""``idp keys``: make what an issuer must have before it starts, and look at the key ring.

Which key signs stands in key_rotation.py, what is done to one key at a time in key_lives.py, what is done to a leaked
one in key_incidents.py.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from idp.acts.initialise_keys import initialise_keys
from idp.cli.key_backup import backup_command, restore_command
from idp.cli.key_decisions import destroy_command, override_command
from idp.cli.key_drill import drill_command
from idp.cli.key_incidents import compromise_command, incident_command, review_command
from idp.cli.key_lives import (
    canary_command,
    pick_up_of,
    remove_command,
    retire_command,
    stage_command,
)
from idp.cli.key_rewrap import rewrap_command
from idp.cli.key_rotation import activate_command, rotate_command
from idp.cli.opened import Opened, config_option, json_option, opened
from idp.cli.printing import print_json, print_table, when
from idp.custody import kek_source
from idp.issuance.pick_up import fetched
from idp.storage.key_rows import read_ring
from keys.purposes import Purpose
from keys.records import LOCAL, KeyRecord
from keys.schedule import Step, StepKind, planned
from keys.states import KeyState


@click.group("keys")
def keys() -> None:
    """The key ring: make, look, rotate, try out, take out of service, wrap anew, back up."""


for command in (
    rotate_command,
    stage_command,
    canary_command,
    activate_command,
    retire_command,
    remove_command,
    compromise_command,
    incident_command,
    review_command,
    drill_command,
    rewrap_command,
    backup_command,
    restore_command,
    destroy_command,
    override_command,
):
    keys.add_command(command)


@keys.command("init")
@config_option
@json_option
def init_command(*, config: Path | None, as_json: bool) -> None:
    """Make the key-encryption key, the service's secrets and its signing keys, as far as they are missing.

    Run again it adds what a newly named algorithm lacks, and replaces nothing.

    \b
    IDP_KEK_FILE=/etc/idp/kek idp keys init
    """
    with opened(config) as service:
        settings, source = service.settings, kek_source(service.settings)
        made = initialise_keys(
            service.database,
            source,
            algorithms=settings.signing_algs,
            **service.acting(),
        )
    if as_json:
        print_json(asdict(made) | {"kek": source.where})
        return
    if made.kek_created:
        click.echo(f"The key-encryption key is in {source.where}: back it up now, apart from the database.")
    click.echo(f"{len(made.created)} keys and secrets made." if made.created else "Everything is there already.")
    for name in made.without_active:
        click.echo(f"Nothing signs with {name}: `idp keys rotate {name}` puts the staged key into service.")


@keys.command("list")
@click.option("--all", "everything", is_flag=True, help="Also removed keys, and the secrets of the service.")
@config_option
@json_option
def list_command(*, everything: bool, config: Path | None, as_json: bool) -> None:
    """List the signing keys and where in their lives they are.

    \b
    idp keys list --json
    """
    with opened(config) as service:
        ring, now, settings = _ring(service), service.clock(), service.settings
        waiting = {key.kid: _waited_for(service, key) for key in ring if key.state is KeyState.STAGED}
    found = [key for key in ring if everything or _of_interest(key)]
    steps = planned(ring, settings.timetable, algorithms=settings.signing_algs, now=now)
    following = {step.kid: step for step in steps if step.kid}
    if as_json:
        print_json([_document(key, following.get(key.kid), waiting.get(key.kid)) for key in found])
        return
    print_table(
        ("KID", "ALGORITHM", "PURPOSE", "STATE", "CREATED", "ACTIVE SINCE", "RETIRED", "NEXT"),
        [
            (
                key.kid,
                key.algorithm,
                key.purpose,
                _state(key, now),
                when(key.created_at),
                when(key.activated_at),
                when(key.retired_at),
                _next(following.get(key.kid)),
            )
            for key in sorted(found, key=lambda key: (key.purpose, key.algorithm, key.created_at))
        ],
    )
    for key in found:
        if key.home != LOCAL:
            click.echo(f"{key.kid} lives in {key.home}")
    for kid, missing in waiting.items():
        if missing:
            click.echo(f"{kid} waits for apps that have not fetched it: {', '.join(missing)}")


def _ring(service: Opened) -> tuple[KeyRecord, ...]:
    with service.database.reading() as connection:
        return read_ring(connection).records


def _of_interest(key: KeyRecord) -> bool:
    return key.purpose == Purpose.TOKENS and key.state is not KeyState.REMOVED


def _state(key: KeyRecord, now: float) -> str:
    return str(key.state) if key.effective_at <= now else f"{key.state} from {when(key.effective_at)}"


def _waited_for(service: Opened, key: KeyRecord) -> tuple[str, ...]:
    """Name the apps with a JWKS address of their own that have not fetched a key."""
    with service.database.reading() as connection:
        have = fetched(connection, key.kid)
    return pick_up_of(service).waited_for(have, key, service.clock())[0]


def _next(step: Step | None) -> str:
    if step is None:
        return "-"
    return f"{'signs from' if step.kind is StepKind.ROTATE else 'is removed'} {when(step.due_at)}"


def _document(key: KeyRecord, step: Step | None, missing: tuple[str, ...] | None) -> dict[str, object]:
    hidden = {"wrapped", "public_jwk"}
    document: dict[str, object] = {name: getattr(key, name) for name in key.__slots__ if name not in hidden}
    document["not_fetched_by"] = None if missing is None else list(missing)
    document["next"] = None if step is None else {"step": step.kind.value, "due_at": step.due_at}
    return document | ({"public_jwk": dict(key.public_jwk)} if key.public_jwk else {})
