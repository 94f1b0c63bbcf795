"""What the commands about accounts have in common: finding one, and saying why an act was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from idp.accounts.disable import UnknownAccount
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id, find_by_identifier
from idp.accounts.identifiers import InvalidIdentifier
from idp.accounts.policy import AccountRefused
from idp.cli.opened import Opened
from idp.cli.printing import one_a_line
from idp.passwords.imported import HashRefused
from idp.passwords.normal_form import UnusablePassword
from idp.passwords.policy import PasswordRefused


class NoSuchAccount(click.ClickException):
    """Nobody answers to the name."""

    def __init__(self) -> None:
        # What was typed is not repeated: people paste passwords into the wrong field.
        super().__init__("no account has this user ID, verified e-mail address or id")


@contextmanager
def refusals() -> Iterator[None]:
    """Say in words why an act was refused; the command ends with 1."""
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


def found(service: Opened, who: str) -> AccountFacts:
    """Give the account of a user ID, verified address or id.

    Raises:
        NoSuchAccount: there is none.
    """
    with service.database.reading() as connection:
        account = find_by_id(connection, account_id=who) or find_by_identifier(connection, identifier=who)
    if account is None:
        raise NoSuchAccount
    return account
