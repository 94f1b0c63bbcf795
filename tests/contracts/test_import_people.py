"""A feed of people on SQLite and PostgreSQL: who is new comes in, and no feed gives anybody another's way in."""

from __future__ import annotations

from typing import Any

import pytest

from idp.accounts.add import NewAccount, add_account
from idp.accounts.find import find_by_identifier
from idp.accounts.people_files import PersonLine
from idp.accounts.policy import Kind
from idp.acts.import_people import ImportedPeople, import_people
from idp.passwords.credentials import find_credential, set_password
from idp.passwords.imported import HashRefused
from idp.storage.database import Database
from idp.storage.handles import Entropy
from tests.support.clock import SettableClock


def stored_form(text: str) -> str:
    """Stands for the hasher, which is tried elsewhere: keeps what it is given."""
    if text == "unknown":
        raise HashRefused("of no kind that is taken")
    return f"kept {text}"


@pytest.fixture
def take(database: Database, entropy: Entropy) -> Any:  # noqa: ANN401 - a function
    """Take people in, and sum up what became of them."""

    def take(*people: NewAccount, at: float = 10.0, dry_run: bool = False, password_hash: str | None = None) -> Any:  # noqa: ANN401
        lines = (
            PersonLine(number=number, new=new, password_hash=password_hash) for number, new in enumerate(people, 1)
        )
        total = ImportedPeople()
        for batch in import_people(
            database, lines, stored_form, dry_run=dry_run, actor="test", clock=SettableClock(at), entropy=entropy
        ):
            for name in ("added", "changed", "unchanged"):
                setattr(total, name, getattr(total, name) + getattr(batch, name))
            total.faults += batch.faults
        return total

    return take


def dana(**changes: Any) -> NewAccount:  # noqa: ANN401 - fields of an account
    """Somebody."""
    return NewAccount(**{"user_id": "dana", "email": "dana@example.com", "claims": {"name": "Dana"}} | changes)


def found(database: Database, user_id: str = "dana") -> Any:  # noqa: ANN401 - an account
    """An account."""
    with database.reading() as connection:
        return find_by_identifier(connection, identifier=user_id)


def password_of(database: Database) -> str | None:
    """What is stored of dana's password."""
    with database.reading() as connection:
        credential = find_credential(connection, account_id=found(database).id)
    return credential.hash if credential else None


def test_new_people_come_with_what_they_had(database: Database, take: Any) -> None:  # noqa: ANN401
    """Also with the hash of their password; a second run writes nothing."""
    assert 1 == take(dana(), password_hash="one").added
    assert ("kept one", "Dana") == (password_of(database), found(database).claims["name"])
    assert 1 == take(dana(), password_hash="two", at=20.0).unchanged
    assert "kept one" == password_of(database)


def test_names_are_brought_up_to_date(database: Database, take: Any) -> None:  # noqa: ANN401
    """And what there was none of; what the person has chosen stays."""
    take(dana(email=None, locale="de"))
    assert 1 == take(dana(claims={"name": "Dana R.", "nickname": "Dee"}, locale="en"), at=20.0).changed
    account = found(database)
    assert ({"name": "Dana R.", "nickname": "Dee"}, "dana@example.com", "de") == (
        account.claims,
        account.email,
        account.locale,
    )


@pytest.mark.parametrize("changes", [{"email": "thief@example.com"}, {"phone_number": "+442079460999"}])
def test_no_feed_changes_where_somebody_is_reached(database: Database, take: Any, changes: dict[str, str]) -> None:  # noqa: ANN401
    """Whoever can write into the feed would have every account."""
    take(dana(phone_number="+442079460123"))
    ((_, fault),) = take(dana(**changes), at=20.0).faults
    assert "no feed changes that" in fault
    assert ("dana@example.com", "+442079460123") == (found(database).email, found(database).phone_number)


def test_no_feed_makes_an_address_count(database: Database, take: Any) -> None:  # noqa: ANN401
    """One that was not confirmed stays so: it could be a stranger's by now."""
    take(dana(email_verified=False))
    assert 1 == take(dana(email_verified=True), at=20.0).unchanged
    assert not found(database).email_verified


def test_staff_are_not_fed(database: Database, take: Any, entropy: Entropy) -> None:  # noqa: ANN401
    """A colleague's account is none of the feed's."""
    with database.writing() as connection:
        add_account(connection, NewAccount(user_id="sam", kind=Kind.STAFF), now=5.0, entropy=entropy)
    assert "colleague" in take(dana(user_id="sam")).faults[0][1]


def test_faulty_people_are_left_out(database: Database, take: Any) -> None:  # noqa: ANN401
    """Each is named by its line, the others come in."""
    people = [dana(), dana(user_id="dana@example.com"), dana(user_id="tom", email="not one"), dana(user_id="eve")]
    done = take(*people)
    assert (2, [2, 3]) == (done.added, [number for number, _ in done.faults])
    ((number, fault),) = take(dana(user_id="cora"), password_hash="unknown").faults
    assert (1, True, None) == (number, "password hash is refused" in fault, found(database, "cora"))


def test_a_dry_run_writes_nothing(database: Database, take: Any) -> None:  # noqa: ANN401
    """It tells what would become of each line."""
    assert 1 == take(dana(), dry_run=True).added
    assert None is found(database)


def test_a_password_that_was_changed_since_stays(database: Database, take: Any) -> None:  # noqa: ANN401
    """Whatever the feed says of it."""
    take(dana(), password_hash="old")
    with database.writing() as connection:
        set_password(connection, account_id=found(database).id, stored="new", must_change=False, now=15.0)
    take(dana(), password_hash="old", at=20.0)
    assert "new" == password_of(database)
