"""Stored passwords on SQLite and PostgreSQL."""

from sqlalchemy import select

from idp.accounts.add import NewAccount, add_account
from idp.passwords.credentials import (
    Credential,
    find_credential,
    note_compromised,
    replace_stored_form,
    require_longer,
    set_password,
    sign_ins_count_from,
    still_as_checked,
    stored_form_near,
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


def test_a_short_password_is_due_when_nothing_stands_beside_it(database: Database, entropy: Entropy) -> None:
    """One that is long enough goes on; one that somebody else has chosen stays due."""
    tom = with_password(database, entropy)
    for short, must_change, expected in ((True, False, True), (False, False, False), (False, True, True)):
        with database.writing() as connection:
            set_password(
                connection, account_id=tom, stored=f"p1${short}", must_change=must_change, short=short, now=4.0
            )
            assert short == require_longer(connection, account_id=tom)
        stored = credential(database, tom)
        assert stored is not None
        assert expected == stored.must_change


def test_nobody_needs_a_longer_one_without_any(database: Database) -> None:
    """An account may have passkeys alone."""
    with database.writing() as connection:
        assert not require_longer(connection, account_id="nobody")
        assert not note_compromised(connection, account_id="nobody", now=1.0)


def test_a_compromise_is_dated_once(database: Database, entropy: Entropy) -> None:
    """Hearing of it again does not make it younger."""
    tom = with_password(database, entropy)
    for now in (5.0, 9.0):
        with database.writing() as connection:
            assert note_compromised(connection, account_id=tom, now=now)
    stored = credential(database, tom)
    assert stored is not None
    assert 5.0 == stored.compromised_at


def test_sign_ins_count_from_the_change_or_from_the_one_before(database: Database, entropy: Entropy) -> None:
    """As long as the person lets sign-ins go on, those of older passwords do, too."""
    tom = with_password(database, entropy)
    for keep, now, expected in ((True, 4.0, 2.0), (True, 5.0, 2.0), (False, 6.0, 6.0), (True, 7.0, 6.0)):
        with database.writing() as connection:
            set_password(connection, account_id=tom, stored=f"p1${now}", must_change=False, keep_sign_ins=keep, now=now)
            asked = select(sign_ins_count_from()).where(CREDENTIALS.c.account_id == tom)
            assert expected == connection.execute(asked).scalar_one()


def test_somebody_is_near_every_place_but_the_last(database: Database, entropy: Entropy) -> None:
    """Whose work is done for a name that nobody has: the next account's."""
    with_password(database, entropy)
    with database.reading() as connection:
        assert "p1$old" == stored_form_near(connection, place="")
        assert stored_form_near(connection, place="z" * 44) is None
