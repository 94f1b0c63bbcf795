"""``idp keys drill``: the worst night, rehearsed on a key that nobody has."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import click

from idp.acts.drill_key import BOUND_SECONDS, Drill, drill_key
from idp.cli.opened import config_option, json_option, opened
from idp.cli.printing import print_json
from idp.storage.key_rows import RingMoved
from idp.wire.outbound import Outbound, OutboundRefused

LOOKS = 4
"""How often a node is asked before it counts as one that does not publish a key."""


@click.command("drill")
@click.argument("algorithm", default="ES256")
@click.option(
    "--node", "nodes", multiple=True, metavar="URL", help="A node's own address; several. Else the issuer's address."
)
@config_option
@json_option
def drill_command(algorithm: str, *, nodes: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Rehearse a compromise with a key that signs nothing, and measure how long each node takes to drop it.

    No app and no person notices; apps that hear security events get one that says it is a drill.

    \b
    idp keys drill ES256 --node http://10.0.0.11:8000 --node http://10.0.0.12:8000
    """
    with opened(config) as service:
        addresses = nodes or (service.settings.issuer,)
        # Named by whoever holds the database: these may be inside.
        outbound = Outbound({*service.settings.outbound_allow, *(urlsplit(node).netloc for node in addresses)})
        try:
            drill = drill_key(
                service.database,
                {node: _publishes(outbound, node) for node in addresses},
                algorithm=algorithm,
                actor=service.actor,
                clock=service.clock,
                entropy=service.entropy,
            )
        except RingMoved as error:
            raise click.ClickException(str(error)) from None
    if as_json:
        print_json(asdict(drill) | {"passed": drill.passed})
    else:
        _tell(drill)
    if not drill.passed:
        raise SystemExit(1)


def _publishes(outbound: Outbound, node: str) -> Callable[[str], bool]:
    """Ask a node for its JWKS, a few times, since it has several processes; no answer publishes nothing."""

    def once(kid: str) -> bool:
        try:
            keys = json.loads(outbound.fetch(f"{node.rstrip('/')}/jwks"))["keys"]
        except (OutboundRefused, ValueError, KeyError):
            return False
        return any(key["kid"] == kid for key in keys)

    return lambda kid: any(once(kid) for _ in range(LOOKS))


def _tell(drill: Drill) -> None:
    click.echo(f"DRILL: {drill.kid} was published and taken out of service.")
    for node, seconds in drill.seconds.items():
        if seconds is None:
            click.echo(f"FAILED: {node} did not publish the key, or did not drop it. Does it run, on this database?")
        else:
            word = "ok" if seconds <= BOUND_SECONDS else "TOO SLOW"
            click.echo(f"{word}: {node} dropped it after {seconds:.2f} s (at most {BOUND_SECONDS:.0f})")
    click.echo(
        f"Then: idp keys incident {drill.incident} --markdown, and a second person: idp keys review {drill.incident}"
    )
