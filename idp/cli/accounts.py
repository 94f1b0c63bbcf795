"""``idp accounts``: add people, look at them, stop them and let them go on, reset their second factors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from idp.accounts.add import NewAccount
from idp.accounts.disable import UnknownAccount
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id, find_by_identifier
from idp.accounts.identifiers import InvalidIdentifier
from idp.accounts.policy import AccountRefused, Kind
from idp.acts.add_person import add_person
from idp.acts.disable_account import disable_account, enable_account
from idp.acts.let_guess_again import let_guess_again
from idp.acts.reset_factor import reset_factor
from idp.cli.opened import Opened, config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, one_a_line, print_facts, print_json, when
from idp.mfa.factors import FactorFacts, list_factors
from idp.mfa.phone_numbers import masked_number
from idp.mfa.recovery_codes import codes_left
from idp.passwords.credentials import Credential, find_credential
from idp.passwords.imported import HashRefused
from idp.passwords.normal_form import UnusablePassword
from idp.passwords.policy import PasswordRefused
from idp.settings import Mode
from idp.web.reference import new_reference


@click.group("accounts")
def accounts() -> None:
    """People who sign in: add, show, stop, let back in."""


class NoSuchAccount(click.ClickException):
    """Nobody answers to the name."""

    def __init__(self) -> None:
        # What was typed is not repeated: people paste passwords into the wrong field.
        super().__init__("no account has this user ID, verified e-mail address or id")


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except AccountRefused as error:
        raise click.ClickException(one_a_line("the account is refused", error.faults)) from None
    except (PasswordRefused, UnusablePassword) as error:
        raise click.ClickException(f"the password is {error}") from None
    except HashRefused as error:
        raise click.ClickException(f"the hash is {error}") from None
    except (UnknownAccount, InvalidIdentifier):
        raise NoSuchAccount from None


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
    with opened(config) as service, _refusals():
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
    with opened(config) as service, _refusals():
        account = _found(service, who)
        with service.database.reading() as connection:
            credential = find_credential(connection, account_id=account.id)
            factors = list_factors(connection, account_id=account.id)
            codes = codes_left(connection, account_id=account.id)
    facts: dict[str, Any] = {
        "id": account.id,
        "user_id": account.user_id,
        "kind": account.kind,
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


@accounts.command("disable")
@click.argument("who", metavar="USER_ID")
@yes_option
@config_option
@json_option
def disable_command(who: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Stop an account and sign it out everywhere, at once.

    \b
    idp accounts disable dana --yes
    """
    with opened(config) as service, _refusals():
        account = _found(service, who)
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


@accounts.command("compromise")
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

    with opened(config) as service, _refusals():
        account = _found(service, who)
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


@accounts.command("set-email")
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

    with opened(config) as service, _refusals():
        account = _found(service, who)
        confirm(f"{account.user_id} ({account.id}) is reached at that address from now on.", yes=yes)
        reference = new_reference(service.entropy)
        with service.database.writing() as connection:
            set_email(connection, account=account, address=address, reference=reference, **service.acting())
    if as_json:
        print_json({"id": account.id, "reference": reference})
        return
    click.echo(f"{account.user_id} has the new address; both are told.")
    click.echo(f"Reference: {reference}")


@accounts.command("enable")
@click.argument("who", metavar="USER_ID")
@config_option
@json_option
def enable_command(who: str, *, config: Path | None, as_json: bool) -> None:
    """Let a disabled account sign in again.

    \b
    idp accounts enable dana
    """
    with opened(config) as service, _refusals():
        account = _found(service, who)
        with service.database.writing() as connection:
            enable_account(connection, account_id=account.id, **service.acting())
    if as_json:
        print_json({"id": account.id, "status": "active"})
        return
    click.echo(f"{account.user_id} may sign in again.")


@accounts.command("unlock")
@click.argument("who", metavar="USER_ID")
@config_option
@json_option
def unlock_command(who: str, *, config: Path | None, as_json: bool) -> None:
    """Let passwords be tried again, after too many wrong ones.

    \b
    idp accounts unlock dana
    """
    with opened(config) as service, _refusals():
        account = _found(service, who)
        with service.database.writing() as connection:
            let_guess_again(connection, account_id=account.id, **service.acting())
    if as_json:
        print_json({"id": account.id, "unlocked": True})
        return
    click.echo(f"{account.user_id} may try passwords again.")


@accounts.command("reset-factor")
@click.argument("who", metavar="USER_ID")
@yes_option
@config_option
@json_option
def reset_factor_command(who: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Remove all second factors of somebody who lost them.

    Their recovery codes go as well, and the account is signed out everywhere.

    For somebody who has lost them all. Be as sure who is asking as when the account was made: the password alone, or a
    mail, then opens it. The owner is told at every address.

    \b
    idp accounts reset-factor dana --yes
    """
    with opened(config) as service, _refusals():
        account = _found(service, who)
        confirm(
            f"{account.user_id} ({account.id}) loses every second factor and recovery code, and is signed out"
            " everywhere.\nThe password alone opens it then. The owner is told by mail.",
            yes=yes,
        )
        reference = new_reference(service.entropy)
        with service.database.writing() as connection:
            reset = reset_factor(connection, account_id=account.id, reference=reference, **service.acting())
    if as_json:
        print_json({"id": account.id, "reference": reference, **asdict(reset)})
        return
    click.echo(
        f"{account.user_id} has no second factor any more: {reset.factors} factors and {reset.codes} recovery codes"
        f" removed, {reset.sessions} sessions and {reset.grants} grants ended. Reference {reference}."
    )


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


def _found(service: Opened, who: str) -> AccountFacts:
    with service.database.reading() as connection:
        account = find_by_id(connection, account_id=who) or find_by_identifier(connection, identifier=who)
    if account is None:
        raise NoSuchAccount
    return account
