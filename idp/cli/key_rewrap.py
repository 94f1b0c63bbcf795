"""``idp keys rewrap``: a new key-encryption key, while everything goes on."""

from __future__ import annotations

from pathlib import Path

import click

from idp.acts.rewrap_keys import rewrap_keys
from idp.cli.opened import Opened, config_option, json_option, opened
from idp.cli.printing import print_json
from idp.storage.key_rows import RingMoved
from keys.kek import FileKek


@click.command("rewrap")
@click.option(
    "--to",
    "new_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="First step: make a new key-encryption key in this file, and change nothing else.",
)
@config_option
@json_option
def rewrap_command(*, new_file: Path | None, config: Path | None, as_json: bool) -> None:
    """Wrap every key and secret by the key-encryption key of kek_file, instead of that of previous_kek_file.

    \b
    idp keys rewrap --to /etc/idp/kek.2
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
        click.echo(f"{rows} keys and secrets are wrapped by {kek_id} now. Take previous_kek_file out of the settings.")
    else:
        click.echo(f"Everything is wrapped by {kek_id} already.")


def _made(service: Opened, new_file: Path, *, as_json: bool) -> None:
    made = FileKek.create(new_file)
    if as_json:
        print_json({"kek_file": str(new_file), "kek": made.kek_id})
        return
    click.echo(f"A new key-encryption key is in {new_file}: back it up now, apart from the database.")
    click.echo("Then, on every node, one after the other:")
    click.echo(f'  kek_file = "{new_file}"')
    click.echo(f'  previous_kek_file = "{service.settings.kek_file}"')
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
