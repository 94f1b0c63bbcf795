"""``idp accounts close``, ``keep`` and ``export``: what people may ask of us about their own data."""

from __future__ import annotations

from pathlib import Path

import click

from idp.acts.close_account import ask_to_close, close_now, keep_account
from idp.acts.export_account import export_account
from idp.acts.visitor import Visitor
from idp.cli.account_words import found, refusals
from idp.cli.opened import config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_json, when
from idp.issuance.ceiling import Ceiling
from idp.storage.handles import Entropy
from idp.web.reference import new_reference


@click.command("close")
@click.argument("who", metavar="USER_ID")
@click.option("--at-once", is_flag=True, help="Without the thirty days: a court or a regulator wants it.")
@yes_option
@config_option
@json_option
def close_command(who: str, *, at_once: bool, yes: bool, config: Path | None, as_json: bool) -> None:
    """Close an account: signed out at once, erased in thirty days unless its owner keeps it.

    \b
    idp accounts close dana
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        confirm(_plan(account.user_id, at_once=at_once), yes=yes)
        with service.database.writing() as connection:
            if at_once:
                ceiling = Ceiling(service.settings.scope_permissions)
                close_now(connection, ceiling, account_id=account.id, **service.acting())
                closes_at = service.clock()
            else:
                closes_at = ask_to_close(
                    connection, account_id=account.id, visitor=_desk(service.entropy), **service.acting()
                )
    if as_json:
        print_json({"id": account.id, "closes_at": closes_at, "closed": at_once})
        return
    click.echo(f"{account.user_id} is closed." if at_once else f"{account.user_id} is closed on {when(closes_at)}.")


@click.command("keep")
@click.argument("who", metavar="USER_ID")
@config_option
@json_option
def keep_command(who: str, *, config: Path | None, as_json: bool) -> None:
    """Keep an account that is about to be closed.

    \b
    idp accounts keep dana
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        with service.database.writing() as connection:
            keep_account(connection, account_id=account.id, visitor=_desk(service.entropy), **service.acting())
    if as_json:
        print_json({"id": account.id, "closes_at": None})
        return
    click.echo(f"{account.user_id} is kept.")


@click.command("export")
@click.argument("who", metavar="USER_ID")
@config_option
@json_option
def export_command(who: str, *, config: Path | None, as_json: bool) -> None:  # noqa: ARG001 - there is no other form
    """Write everything that is held about a person as JSON: verify first who asks, and send it where only they read it.

    \b
    idp accounts export dana > dana.json
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        with service.database.writing() as connection:
            print_json(export_account(connection, account_id=account.id, **service.acting()))


def _desk(entropy: Entropy) -> Visitor:
    return Visitor(address="", user_agent=None, reference=new_reference(entropy))


def _plan(user_id: str, *, at_once: bool) -> str:
    if at_once:
        return f"{user_id} is erased now, for good. Its contracts stay in the lender's books."
    return f"{user_id} is signed out everywhere, and erased in thirty days. Its contracts stay in the lender's books."
