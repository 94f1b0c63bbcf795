"""A password that is long enough beside a second factor only: what becomes of it when the factor goes, in any order."""

from __future__ import annotations

import pytest

from idp.accounts.add import NewAccount, add_account
from idp.acts.new_password import NewPassword, store_new_password
from idp.acts.remove_factor import remove_factor
from idp.acts.reset_factor import reset_factor
from idp.acts.visitor import Visitor
from idp.mfa.factors import NewFactor, add_factor
from idp.mfa.policy import Factor
from idp.passwords.credentials import find_credential
from idp.storage.database import Database
from idp.storage.handles import Entropy

NOBODY = Visitor(address="", user_agent=None, reference="TEST")


@pytest.fixture
def tom(database: Database, entropy: Entropy) -> str:
    """Add an account with two authenticator apps."""
    with database.writing() as connection:
        account_id = add_account(connection, NewAccount(user_id="tom"), now=1.0, entropy=entropy)
        for factor_id in ("one", "two"):
            add_factor(
                connection, NewFactor(id=factor_id, account_id=account_id, kind=Factor.TOTP, name=factor_id), now=1.0
            )
    return account_id


def choose(database: Database, account_id: str, *, short: bool) -> None:
    """Give a password."""
    with database.writing() as connection:
        store_new_password(connection, NewPassword(stored="p1$x", short=short), account_id=account_id, now=2.0)


def is_due(database: Database, account_id: str) -> bool:
    """Whether a new one is due."""
    with database.reading() as connection:
        found = find_credential(connection, account_id=account_id)
    assert found is not None
    return found.must_change


@pytest.mark.parametrize("short", [True, False])
def test_the_last_factor_takes_a_short_password_with_it(
    database: Database, entropy: Entropy, tom: str, *, short: bool
) -> None:
    """The one before the last does not, and a long one stays as it is."""
    choose(database, tom, short=short)
    for factor_id, expected in (("one", False), ("two", short)):
        with database.writing() as connection:
            remove_factor(
                connection,
                account_id=tom,
                factor_id=factor_id,
                also_last=True,
                visitor=NOBODY,
                entropy=entropy,
                now=3.0,
            )
        assert expected == is_due(database, tom)


def test_support_takes_all_and_a_short_password_with_them(database: Database, entropy: Entropy, tom: str) -> None:
    """However they go."""
    choose(database, tom, short=True)
    with database.writing() as connection:
        reset_factor(connection, account_id=tom, reference="TEST", actor="test", entropy=entropy, now=3.0)
    assert is_due(database, tom)


def test_one_that_was_accepted_before_the_factor_went_is_due_at_once(
    database: Database, entropy: Entropy, tom: str
) -> None:
    """It was judged with a factor beside it, and is stored without."""
    choose(database, tom, short=False)
    with database.writing() as connection:
        reset_factor(connection, account_id=tom, reference="TEST", actor="test", entropy=entropy, now=3.0)
    choose(database, tom, short=True)
    assert is_due(database, tom)
