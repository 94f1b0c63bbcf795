"""``idp audit verify | key | verifier``, and the sealed export: whether anybody has changed the trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy import Connection

from idp.audit import verify_export
from idp.audit.checkpoint import all_checkpoints
from idp.audit.verify import sealed_events, verify_trail
from idp.audit.verify_export import GENESIS, Broken, Checkpoint, jws_in, read_checkpoint
from idp.cli.opened import config_option, json_option, opened
from idp.cli.printing import print_json
from idp.storage.key_rows import read_ring
from keys.purposes import Purpose
from keys.records import KeyRecord

checkpoint_option = click.option(
    "--checkpoint",
    "received",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Checkpoints as they were received: a mail, a log, one a line. What lies in the database is used anyway.",
)


@click.command("verify")
@checkpoint_option
@config_option
@json_option
def verify_command(*, received: tuple[Path, ...], config: Path | None, as_json: bool) -> None:
    """Follow the whole chain, and name the first event that was changed, removed or slipped in.

    \b
    idp audit verify --checkpoint mails.txt
    """
    with opened(config) as service, service.database.reading() as connection:
        texts = received_in(received)
        try:
            found = verify_trail(connection, trail_checkpoints(connection, texts), now=service.clock())
        except (Broken, ValueError) as error:
            _broken(error, as_json=as_json)
    if as_json:
        print_json({"result": "ok", **asdict(found)})
        return
    click.echo(f"{found.events} events hold, {found.checkpoints} checkpoints agree.")
    if found.unsealed:
        click.echo(f"{found.unsealed} events of the last two minutes wait to be sealed.")
    if not received:
        click.echo("Compared with checkpoints of this database alone: name received ones by --checkpoint, too.")


def _broken(error: Exception, *, as_json: bool) -> NoReturn:
    """Tell the first fault, and end with 1.

    Raises:
        ClickException: always.
    """
    if as_json:
        print_json(fault_facts(error))
        raise click.exceptions.Exit(1)
    raise click.ClickException(f"the audit trail does not hold. At {error}") from None


def fault_facts(error: Exception) -> dict[str, Any]:
    """Give a fault for a program: where it is, as far as it is at a place, and what."""
    where = {"seq": error.seq, "event_id": error.event_id} if isinstance(error, Broken) else {}
    return {"result": "broken", **where, "what": str(error)}


def received_in(paths: Sequence[Path]) -> list[str]:
    """Find the checkpoints in files that were named.

    Raises:
        UsageError: files were named, and none stands in them.
    """
    texts = [jws for path in paths for jws in jws_in(path.read_text(encoding="utf-8", errors="replace"))]
    if paths and not texts:
        raise click.UsageError("no checkpoint stands in what --checkpoint names")
    return texts


def trail_checkpoints(connection: Connection, received: Sequence[str]) -> list[Checkpoint]:
    """Read the checkpoints of this database, and those that were received.

    Raises:
        NotACheckpoint: our keys have not signed one of them.
    """
    keys = public_keys(connection)
    return [read_checkpoint(jws, keys) for jws in (*all_checkpoints(connection), *received)]


@click.command("key")
@config_option
@click.option("--json", "as_json", is_flag=True, help="What it does anyway; for uniformity.")
def key_command(*, config: Path | None, as_json: bool) -> None:  # noqa: ARG001 - there is no other form
    """Print the public keys that checkpoints are verified with, as a JWK set. Give it to the auditor once, by hand.

    \b
    idp audit key > audit-key.json
    """
    with opened(config) as service, service.database.reading() as connection:
        print_json({"keys": public_keys(connection)})


@click.command("verifier")
def verifier_command() -> None:
    """Print the program by which anybody verifies a sealed export, with Python and `cryptography` alone.

    \b
    idp audit verifier > verify_export.py
    """
    click.echo(Path(verify_export.__file__).read_text(encoding="utf-8"), nl=False)


def public_keys(connection: Connection) -> list[dict[str, str]]:
    """Give the public keys of checkpoints, also those that sign no more.

    A compromised one, too: what it has signed must agree like everything else, so whoever stole it can raise a false
    alarm and hide nothing. Without it, declaring the key lost would silence the checkpoints that were received.
    """
    return [_public(key) for key in read_ring(connection).records if key.purpose == Purpose.CHECKPOINTS]


def _public(key: KeyRecord) -> dict[str, str]:
    return {**key.public_jwk, "kid": key.kid, "use": "sig", "alg": key.algorithm}


def sealed_lines(connection: Connection, *, issuer: str) -> Iterator[str]:
    """Give the lines of a sealed export: its beginning, each event with its seal, each checkpoint."""
    first = {"kind": "chain", "version": 1, "issuer": issuer, "first_seq": 1, "previous": GENESIS.hex()}
    yield _line({**first, "keys": public_keys(connection)})
    checkpoints = all_checkpoints(connection)  # First: one that is made meanwhile speaks of more than stands here.
    for seq, hash_, event in sealed_events(connection):
        yield _line({"kind": "sealed", "seq": seq, "hash": hash_, "event": event})
    for jws in checkpoints:
        yield _line({"kind": "checkpoint", "jws": jws})


def _line(document: dict[str, Any]) -> str:
    return verify_export.canonical(document).decode()
