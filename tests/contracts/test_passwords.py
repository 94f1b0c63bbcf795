"""Stored passwords on SQLite and PostgreSQL."""

from sqlalchemy import select

from idp.accounts.add import NewAccount, add_account
from idp.passwords.credentials import (
    Credential,
    find_credential,
    replace_stored_form,
    set_password,
    still_as_checked,
)
from idp.passwords.models import CREDENTIALS
from idp.storage.database import Database
from idp.storage.handles import Entropy


def with_password(database: Database, entropy: Entropy) -> str:
    """Add an account whose password somebody else has chosen."""
    with database.writing() as connection:
        account_id = add_account(connection, NewAccount(user_id="tom"), now=1.0, entropy=entropy)
        set_password(connection, account_id=account_id, stored="p1$old", must_change=True, now=2.0)
    return account_id


def credential(database: Database, account_id: str) -> Credential | None:
    """Read what is stored."""
    with database.reading() as connection:
        return find_credential(connection, account_id=account_id)


def test_an_account_may_have_no_password(database: Database) -> None:
    """Then nothing is stored."""
    assert credential(database, "nobody") is None


def test_a_password_is_set_and_replaced(database: Database, entropy: Entropy) -> None:
    """A new one forgets what was known against the old one."""
    tom = with_password(database, entropy)
    expected = Credential(account_id=tom, hash="p1$old", changed_at=2.0, must_change=True, compromised_at=None)
    assert expected == credential(database, tom)
    with database.writing() as connection:
        connection.execute(CREDENTIALS.update().values(compromised_at=3.0))
        set_password(connection, account_id=tom, stored="p1$new", must_change=False, now=4.0)
    expected = Credential(account_id=tom, hash="p1$new", changed_at=4.0, must_change=False, compromised_at=None)
    assert expected == credential(database, tom)


def test_a_rehash_replaces_only_what_was_checked(database: Database, entropy: Entropy) -> None:
    """A password set while the old one was being checked is not overwritten; a rehash is no change of password."""
    tom = with_password(database, entropy)
    for checked, new, expected in (
        ("p1$other", "p2$x", "p1$old"),
        ("p1$old", None, "p1$old"),
        ("p1$old", "p2$x", "p2$x"),
    ):
        bound = {"checked_account_id": tom, "checked_hash": checked, "new_hash": new}
        with database.writing() as connection:
            connection.execute(replace_stored_form(), bound)
        stored = credential(database, tom)
        assert stored is not None
        assert (expected, 2.0, True) == (stored.hash, stored.changed_at, stored.must_change)


def test_one_can_ask_whether_it_is_still_what_was_checked(database: Database, entropy: Entropy) -> None:
    """The condition holds for this account and this stored form alone."""
    tom = with_password(database, entropy)
    query = select(CREDENTIALS.c.account_id).where(still_as_checked())
    with database.reading() as connection:
        for checked, expected in (("p1$old", tom), ("p1$new", None)):
            bound = {"checked_account_id": tom, "checked_hash": checked}
            assert expected == connection.execute(query, bound).scalar_one_or_none()
