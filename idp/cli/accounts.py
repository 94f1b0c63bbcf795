"""``idp accounts``: add people, look at them, stop them and let them go on, reset their second factors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from idp.accounts.add import NewAccount
from idp.accounts.policy import Kind
from idp.acts.add_person import add_person
from idp.cli.account_closing import close_command, export_command, keep_command
from idp.cli.account_import import import_command
from idp.cli.account_reset import start_reset_command
from idp.cli.account_sessions import end_sessions_command
from idp.cli.account_states import STATE_COMMANDS
from idp.cli.account_words import found, refusals
from idp.cli.opened import config_option, json_option, opened
from idp.cli.printing import print_facts, print_json, when
from idp.cli.staff_invitation import invite_command
from idp.mfa.factors import FactorFacts, list_factors
from idp.mfa.phone_numbers import masked_number
from idp.mfa.recovery_codes import codes_left
from idp.passwords.credentials import Credential, find_credential
from idp.settings import Mode


@click.group("accounts")
def accounts() -> None:
    """People who sign in: add, show, stop, let back in."""


accounts.add_command(invite_command)
accounts.add_command(import_command)
accounts.add_command(end_sessions_command)
for closing_command in (close_command, keep_command, export_command):
    accounts.add_command(closing_command)
accounts.add_command(start_reset_command)
for state_command in STATE_COMMANDS:
    accounts.add_command(state_command)


@accounts.command("add")
@click.argument("user_id")
@click.option("--email", help="Where the person is reached.")
@click.option("--email-verified", is_flag=True, help="The address is known to be theirs; they may sign in with it.")
@click.option("--name", help="The person's full name.")
@click.option("--locale", help="Their language, as de or en-GB.")
@click.option("--kind", type=click.Choice(["consumer", "business"]), default="consumer", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read a first password from standard input.")
@click.option("--password-hash-stdin", is_flag=True, help="Read the hash that another system had of their password.")
@config_option
@json_option
def add_command(
    user_id: str,
    *,
    email: str | None,
    email_verified: bool,
    name: str | None,
    locale: str | None,
    kind: str,
    password_stdin: bool,
    password_hash_stdin: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Add a person. In production a password given here must be changed at first use.

    A hash may be bcrypt, PBKDF2 of Django or passlib, scrypt, phpass or salted LDAP ({SSHA}); with it people go on
    signing in as they did, and at the first sign-in it is replaced by one of ours.

    \b
    idp accounts add dana --email dana@example.com --password-stdin < first-password.txt
    idp accounts add fleet-desk --email desk@example.com --kind business
    idp accounts add tom --password-hash-stdin < hash-of-tom.txt
    """
    from idp.cli.first_password import first_password, import_hash

    if password_stdin and password_hash_stdin:
        raise click.UsageError("A password or a hash, not both.")
    new = NewAccount(
        user_id=user_id,
        kind=Kind(kind),
        email=email,
        email_verified=email_verified,
        claims={"name": name} if name else {},
        locale=locale,
    )
    with opened(config) as service, refusals():
        stored = first_password(service) if password_stdin else import_hash(service) if password_hash_stdin else None
        must_change = password_stdin and service.settings.mode is Mode.PRODUCTION
        with service.database.writing() as connection:
            account_id = add_person(
                connection,
                new,
                stored_password=stored,
                must_change=must_change,
                **service.acting(),
            )
    if as_json:
        print_json({"id": account_id, "user_id": user_id, "must_change": must_change, "password": stored is not None})
        return
    click.echo(f"{user_id} is added, as {account_id}.")
    if stored is None:
        click.echo("It has no password, so nobody can sign in as it yet.")
    elif must_change:
        click.echo("The password must be changed at first use.")


@accounts.command("show")
@click.argument("who", metavar="USER_ID")
@config_option
@json_option
def show_command(who: str, *, config: Path | None, as_json: bool) -> None:
    """Show an account, by user ID, verified e-mail or id.

    \b
    idp accounts show dana
    """
    with opened(config) as service, refusals():
        account = found(service, who)
        with service.database.reading() as connection:
            credential = find_credential(connection, account_id=account.id)
            factors = list_factors(connection, account_id=account.id)
            codes = codes_left(connection, account_id=account.id)
    facts: dict[str, Any] = {
        "id": account.id,
        "user_id": account.user_id,
        "kind": account.kind,
        "role": account.role,
        "status": account.status,
        "email": account.email,
        "email_verified": account.email_verified,
        "phone_number": account.phone_number,
        "locale": account.locale,
        "locked_down_at": account.locked_down_at,
        "password": _password(credential),
        "recovery_codes": codes,
        "created_at": account.created_at,
        "updated_at": account.updated_at,
        "not_before": account.not_before,
    }
    if as_json:
        print_json(facts | {"claims": account.claims, "factors": [_factor(factor) for factor in factors]})
        return
    instants = {name: when(facts[name]) for name in ("locked_down_at", "created_at", "updated_at", "not_before")}
    listed = {"claims": ", ".join(sorted(account.claims)), "factors": ", ".join(map(_in_words, factors)) or "none"}
    print_facts(facts | instants | listed)


def _factor(factor: FactorFacts) -> dict[str, Any]:
    """Give what support may see of a factor; of a number, its end."""
    shown: dict[str, Any] = {
        "id": factor.id,
        "kind": factor.kind.value,
        "name": factor.name,
        "created_at": factor.created_at,
        "last_used_at": factor.last_used_at,
    }
    return shown | ({"phone_number": masked_number(factor.phone_number)} if factor.phone_number else {})


def _password(credential: Credential | None) -> str:
    if credential is None:
        return "none"
    if credential.compromised_at is not None:
        return "compromised"
    return "must be changed" if credential.must_change else "set"


def _in_words(factor: FactorFacts) -> str:
    return f"{factor.kind.value} ({factor.name})"
