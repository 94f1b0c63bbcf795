"""``idp accounts invite``: let a member of staff enrol."""

from __future__ import annotations

from pathlib import Path

import click

from idp.accounts.policy import StaffRole
from idp.acts.invite_staff import InvitationRefused, invite_staff
from idp.cli.account_words import refusals
from idp.cli.opened import config_option, json_option, opened
from idp.cli.printing import print_json, when
from idp.web.reference import new_reference


@click.command("invite")
@click.argument("user_id")
@click.option("--kind", type=click.Choice(["staff"]), default="staff", show_default=True)
@click.option("--role", type=click.Choice([role.value for role in StaffRole]), help="What they are there for.")
@click.option("--email", help="Where they are told of what happens to their account, and to the keys.")
@click.option("--name", help="Their full name.")
@config_option
@json_option
def invite_command(
    user_id: str,
    *,
    kind: str,
    role: str | None,
    email: str | None,
    name: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Invite a member of staff: prints a link that works once, within three days.

    On its page they make a passkey; there is no password. A new invitation makes the one before void.

    \b
    idp accounts invite sofia --kind staff --role security --email sofia@example.com
    """
    if role is None:
        raise click.UsageError("--role says what they are there for: security, support or auditor")
    with opened(config) as service, refusals():
        try:
            with service.database.writing() as connection:
                invited = invite_staff(
                    connection,
                    user_id=user_id,
                    role=StaffRole(role),
                    email=email,
                    name=name,
                    reference=new_reference(service.entropy),
                    **service.acting(),
                )
        except InvitationRefused as error:
            raise click.ClickException(str(error)) from None
        link = f"{service.settings.issuer}/invitation?token={invited.token}"
    if as_json:
        facts = {"id": invited.account_id, "user_id": user_id, "kind": kind, "role": role}
        print_json(facts | {"link": link, "expires_at": invited.expires_at})
        return
    click.echo(f"{user_id} is invited. This link is shown once, and works once, until {when(invited.expires_at)}:")
    click.echo(link)
