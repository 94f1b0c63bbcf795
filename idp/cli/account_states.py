"""``idp accounts disable``, ``enable``, ``unlock``, ``compromise``, ``reset-factor``, ``set-email``: stop and help."""

from __future__ import annotations

from pathlib import Path

import click

from idp.accounts.policy import Kind
from idp.acts.disable_account import disable_account, enable_account
from idp.acts.let_guess_again import let_guess_again
from idp.acts.reset_factor import FactorsReset
from idp.acts.two_person_acts import TwoPersonAct
from idp.cli.account_words import found, refusals
from idp.cli.opened import config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_json
from idp.cli.two_people import break_glass_option, with_two_people
from idp.web.reference import new_reference


@click.command("disable")
@click.argument("who", metavar="USER_ID")
@yes_option
@config_option
@json_option
def disable_command(who: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Stop an account and sign it out everywhere, at once.

    \b
    idp accounts disable dana --yes
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        confirm(
            f"{account.user_id} ({account.id}) is signed out everywhere and cannot sign in any more.\n"
            "It can be enabled again; its sessions and the apps' tokens stay ended.",
            yes=yes,
        )
        with service.database.writing() as connection:
            ended = disable_account(connection, account_id=account.id, **service.acting())
    if as_json:
        print_json({"id": account.id, "status": "disabled", "sessions": ended.sessions, "grants": ended.grants})
        return
    click.echo(f"{account.user_id} is disabled; {ended.sessions} sessions and {ended.grants} grants ended.")


@click.command("enable")
@click.argument("who", metavar="USER_ID")
@config_option
@json_option
def enable_command(who: str, *, config: Path | None, as_json: bool) -> None:
    """Let a disabled account sign in again.

    \b
    idp accounts enable dana
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        with service.database.writing() as connection:
            enable_account(connection, account_id=account.id, **service.acting())
    if as_json:
        print_json({"id": account.id, "status": "active"})
        return
    click.echo(f"{account.user_id} may sign in again.")


@click.command("unlock")
@click.argument("who", metavar="USER_ID")
@config_option
@json_option
def unlock_command(who: str, *, config: Path | None, as_json: bool) -> None:
    """Let passwords be tried again, after too many wrong ones.

    \b
    idp accounts unlock dana
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        with service.database.writing() as connection:
            let_guess_again(connection, account_id=account.id, **service.acting())
    if as_json:
        print_json({"id": account.id, "unlocked": True})
        return
    click.echo(f"{account.user_id} may try passwords again.")


@click.command("compromise")
@click.argument("who", metavar="USER_ID")
@yes_option
@config_option
@json_option
def compromise_command(who: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Have a password replaced that others may know.

    It opens nothing any more; its owner chooses another by mail.

    \b
    idp accounts compromise dana --yes
    """
    from idp.acts.compromise_password import NoPassword, compromise_password

    with opened(config) as service, refusals():
        account = found(service, who)
        confirm(
            f"{account.user_id} ({account.id}) is signed out everywhere, and the password signs nobody in any more.\n"
            "They are told by mail, and choose a new one by mail.",
            yes=yes,
        )
        reference = new_reference(service.entropy)
        try:
            with service.database.writing() as connection:
                ended = compromise_password(connection, account_id=account.id, reference=reference, **service.acting())
        except NoPassword:
            raise click.ClickException("the account has no password") from None
    if as_json:
        print_json({"id": account.id, "reference": reference, "sessions": len(ended.sids), "grants": ended.grants})
        return
    click.echo(f"The password of {account.user_id} opens nothing any more; {len(ended.sids)} sessions ended.")
    click.echo(f"Reference: {reference}")


@click.command("reset-factor")
@click.argument("who", metavar="USER_ID")
@break_glass_option
@yes_option
@config_option
@json_option
def reset_factor_command(who: str, *, alone: str | None, yes: bool, config: Path | None, as_json: bool) -> None:
    """Remove all second factors of somebody who lost them. Takes two people.

    Their recovery codes go as well, and the account is signed out everywhere.

    For somebody who has lost them all. Be as sure who is asking as when the account was made: the password alone, or a
    mail, then opens it; a member of staff needs a new invitation. The owner is told at every address.

    \b
    idp accounts reset-factor dana --yes
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        opens = "Only a new invitation" if account.kind == Kind.STAFF.value else "The password alone"
        confirm(
            f"{account.user_id} ({account.id}) loses every second factor and recovery code, and is signed out"
            f" everywhere.\n{opens} opens it then. The owner is told by mail.",
            yes=yes,
        )
        told = with_two_people(service, TwoPersonAct.RESET_FACTOR, {"account_id": account.id}, alone=alone)
    if as_json:
        print_json({"id": account.id, "reference": told.reference, **(told.outcome or {}), **told.proposal})
        return
    if told.outcome is None:
        click.echo(f"{account.user_id} keeps every second factor for now; {told.said()}")
        return
    reset = FactorsReset(**told.outcome)
    click.echo(
        f"{account.user_id} has no second factor any more: {reset.factors} factors and {reset.codes} recovery codes"
        f" removed, {reset.sessions} sessions and {reset.grants} grants ended. Reference {told.reference}."
    )


@click.command("set-email")
@click.argument("who", metavar="USER_ID")
@click.argument("address")
@yes_option
@config_option
@json_option
def set_email_command(who: str, address: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Write down an address that a person has proved to you.

    For somebody whose mailbox is lost, or whose address somebody else has changed. Be as sure as when the account was
    made: whoever reads that mailbox can choose a new password. Old and new address are told.

    \b
    idp accounts set-email dana dana@example.com --yes
    """
    from idp.acts.set_email import set_email

    with opened(config) as service, refusals():
        account = found(service, who)
        confirm(f"{account.user_id} ({account.id}) is reached at that address from now on.", yes=yes)
        reference = new_reference(service.entropy)
        with service.database.writing() as connection:
            set_email(connection, account=account, address=address, reference=reference, **service.acting())
    if as_json:
        print_json({"id": account.id, "reference": reference})
        return
    click.echo(f"{account.user_id} has the new address; both are told.")
    click.echo(f"Reference: {reference}")


STATE_COMMANDS = (
    disable_command,
    enable_command,
    unlock_command,
    compromise_command,
    reset_factor_command,
    set_email_command,
)
