"""``idp accounts start-reset``: have somebody mailed with what they choose a new password."""

from __future__ import annotations

from pathlib import Path

import click

from idp.accounts.policy import Kind
from idp.acts.desk_rules import DeskRefused, Why
from idp.acts.start_reset import start_reset
from idp.cli.account_words import found, refusals
from idp.cli.opened import config_option, json_option, opened
from idp.cli.printing import print_json
from idp.web.reference import new_reference

_SAID = {
    Why.STOPPED: "the account is disabled",
    Why.NO_ADDRESS: "the account has no confirmed address",
    Why.NO_PASSWORD: "the account has no password",
    Why.MAILED_LATELY: "a mail went less than two minutes ago, or ten went today",
}


@click.command("start-reset")
@click.argument("who", metavar="USER_ID")
@config_option
@json_option
def start_reset_command(who: str, *, config: Path | None, as_json: bool) -> None:
    """Mail a person the link and code with which they choose a new password.

    They go to the confirmed address and are shown to nobody else, you included.

    \b
    idp accounts start-reset dana
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        if account.kind == Kind.STAFF.value:
            raise click.ClickException("staff have no password: see idp accounts invite")
        reference = new_reference(service.entropy)
        try:
            with service.database.writing() as connection:
                start_reset(connection, account, reference=reference, **service.acting())
        except DeskRefused as error:
            raise click.ClickException(_SAID[error.why]) from None
    if as_json:
        print_json({"id": account.id, "reference": reference, "mailed": True})
        return
    click.echo(f"{account.user_id} is mailed how to choose a new password.")
    click.echo(f"Reference: {reference}")
