"""``idp clients disable``, ``enable`` and ``rotate-secret``: into service, out of it, and a new secret."""

from __future__ import annotations

from pathlib import Path

import click

from idp.acts.disable_client import disable_client, enable_client
from idp.acts.rotate_client_secret import rotate_client_secret
from idp.cli.client_words import found, refusals, tell_secret
from idp.cli.opened import config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_json, when

DAY = 86_400.0


@click.command("disable")
@click.argument("client_id")
@yes_option
@config_option
@json_option
def disable_command(client_id: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Take a client out of service at once; whatever was issued to it is refused from then on.

    \b
    idp clients disable portal --yes
    """
    with opened(config) as service, refusals():
        client = found(service, client_id)
        confirm(
            f"{client.name} ({client_id}) can sign nobody in any more, and every token it holds is refused.\n"
            "It can be enabled again; its tokens stay refused, so people sign in anew.",
            yes=yes,
        )
        with service.database.writing() as connection:
            ended = disable_client(connection, client_id=client_id, **service.acting())
    if as_json:
        print_json({"client_id": client_id, "disabled": True, "grants_ended": ended})
        return
    click.echo(f"{client_id} is disabled; {ended} grants ended.")


@click.command("enable")
@click.argument("client_id")
@config_option
@json_option
def enable_command(client_id: str, *, config: Path | None, as_json: bool) -> None:
    """Put a disabled client back into service.

    \b
    idp clients enable portal
    """
    with opened(config) as service, refusals(), service.database.writing() as connection:
        enable_client(connection, client_id=client_id, **service.acting())
    if as_json:
        print_json({"client_id": client_id, "disabled": False})
        return
    click.echo(f"{client_id} is in service.")


@click.command("rotate-secret")
@click.argument("client_id")
@click.option("--keep-days", default=7.0, show_default=True, help="How long the previous secret still counts.")
@yes_option
@config_option
@json_option
def rotate_secret_command(client_id: str, *, keep_days: float, yes: bool, config: Path | None, as_json: bool) -> None:
    """Make a new secret, shown this once; the previous one counts for a while. 0 days: it is refused at once.

    \b
    idp clients rotate-secret portal
    idp clients rotate-secret portal --keep-days 0 --yes
    """
    if keep_days < 0:
        raise click.UsageError("--keep-days is 0 or more")
    with opened(config) as service, refusals():
        found(service, client_id)
        previous_until = service.clock() + keep_days * DAY
        confirm(
            f"{client_id} gets a new secret. The present one counts until {when(previous_until)}; "
            "one that was still counting from before that is refused at once.",
            yes=yes,
        )
        with service.database.writing() as connection:
            secret = rotate_client_secret(
                connection,
                client_id=client_id,
                previous_until=previous_until,
                **service.acting(),
            )
    if as_json:
        print_json({"client_id": client_id, "client_secret": secret, "previous_until": previous_until})
        return
    click.echo(f"{client_id} has a new secret; the previous one counts until {when(previous_until)}.")
    tell_secret(secret)
