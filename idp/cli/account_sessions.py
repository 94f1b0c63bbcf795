"""``idp accounts end-sessions``: sign somebody out everywhere, and stop nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from idp.acts.sign_out_everywhere import sign_out_everywhere
from idp.cli.account_words import found, refusals
from idp.cli.opened import config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_json
from idp.web.reference import new_reference


@click.command("end-sessions")
@click.argument("who", metavar="USER_ID")
@yes_option
@config_option
@json_option
def end_sessions_command(who: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Sign a person out everywhere, at once, with every token of every app; they may sign in again.

    \b
    idp accounts end-sessions dana --yes
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        confirm(
            f"{account.user_id} ({account.id}) is signed out everywhere, and the apps are told.\n"
            "Password and sign-in methods stay as they are: whoever has them signs in again.",
            yes=yes,
        )
        reference = new_reference(service.entropy)
        with service.database.writing() as connection:
            ended = sign_out_everywhere(connection, account_id=account.id, reference=reference, **service.acting())
    if as_json:
        counts = {"sessions": len(ended.sids), "grants": ended.grants, "apps": list(ended.apps)}
        print_json({"id": account.id, "reference": reference, **counts})
        return
    click.echo(f"{account.user_id} is signed out: {len(ended.sids)} sessions and {ended.grants} grants ended.")
    click.echo(f"Reference: {reference}")
