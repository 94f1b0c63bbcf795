"""``idp keys rewrap``: a new key-encryption key, while everything goes on."""

from __future__ import annotations

from pathlib import Path

import click

from idp.acts.rewrap_keys import rewrap_keys
from idp.cli.opened import Opened, Unusable, config_option, json_option, opened
from idp.cli.printing import print_json
from idp.custody import KEK_SETTINGS, new_kek_source
from idp.storage.key_rows import RingMoved


@click.command("rewrap")
@click.option(
    "--to",
    "new_file",
    metavar="FILE|PKCS11-URI",
    help="First step: make a new key-encryption key in this file or token, and change nothing else.",
)
@config_option
@json_option
def rewrap_command(*, new_file: str | None, config: Path | None, as_json: bool) -> None:
    """Wrap every key and secret by the present key-encryption key, instead of the previous one.

    \b
    idp keys rewrap --to /etc/idp/kek.2
    idp keys rewrap --to "pkcs11:token=idp;object=kek?module-path=/usr/lib/hsm.so&pin-source=/etc/idp/pin"
    idp keys rewrap
    """
    with opened(config) as service:
        if new_file is not None:
            _made(service, new_file, as_json=as_json)
            return
        try:
            rows = _taken_over(service, as_json=as_json)
        except RingMoved as error:
            raise click.ClickException(f"{error}; run it again") from None
        kek_id = service.kek().kek_id
    if as_json:
        print_json({"rows": rows, "kek": kek_id})
    elif rows:
        click.echo(f"{rows} keys and secrets are wrapped by {kek_id} now. Take the previous one out of the settings.")
    else:
        click.echo(f"Everything is wrapped by {kek_id} already.")


def _made(service: Opened, place: str, *, as_json: bool) -> None:
    source, setting = new_kek_source(place)
    if source.exists():
        raise Unusable(f"there is a key-encryption key in {source.where} already; it is never replaced")
    made = source.create()
    if as_json:
        print_json({setting: place, "kek": made.kek_id})
        return
    present = next(name for name in KEK_SETTINGS if getattr(service.settings, name))
    click.echo(f"A new key-encryption key is in {source.where}: back it up now, apart from the database.")
    click.echo("Then, on every node, one after the other:")
    click.echo(f'  {setting} = "{place}"')
    click.echo(f'  previous_{present} = "{getattr(service.settings, present)}"')
    if present != setting:
        click.echo(f"without {present},")
    click.echo("and restart it. When all of them have both, run `idp keys rewrap`.")


def _taken_over(service: Opened, *, as_json: bool) -> int:
    rows = 0
    batches = rewrap_keys(
        service.database, service.kek(), actor=service.actor, clock=service.clock, entropy=service.entropy
    )
    with click.progressbar(length=1, label="Rewrapping", hidden=as_json) as bar:
        for batch in batches:
            rows += batch.rows
            bar.length = rows + batch.left
            bar.update(batch.rows)
    return rows
