"""Accounts on SQLite and PostgreSQL: one name, one account; ending one leaves a mark."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import update

from idp.accounts.add import IdentifierTaken, NewAccount, add_account, upsert_account
from idp.accounts.disable import UnknownAccount, disable_account, enable_account
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id, find_by_identifier
from idp.accounts.identifiers import InvalidIdentifier
from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import AccountRefused, Kind
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.handles import Entropy
from idp.storage.marks import Mark
from tests.support.racing import at_once

TOM = NewAccount(
    user_id="Tom",
    email="Tom@Example.com",
    email_verified=True,
    phone_number="+15555550100",
    claims={"name": "Tom Driver", "address": {"country": "US"}},
    locale="en",
)


def add(database: Database, new: NewAccount, entropy: Entropy, now: float = 5.0) -> str:
    """Add an account in a transaction of its own."""
    with database.writing() as connection:
        return add_account(connection, new, now=now, entropy=entropy)


def found(database: Database, identifier: str) -> str | None:
    """Give the id that a typed name stands for."""
    with database.reading() as connection:
        account = find_by_identifier(connection, identifier=identifier)
    return None if account is None else account.id


def by_id(database: Database, account_id: str) -> AccountFacts:
    """Read an account that is there."""
    with database.reading() as connection:
        account = find_by_id(connection, account_id=account_id)
    assert account is not None
    return account


def test_an_added_account_is_read_back(database: Database, entropy: Entropy) -> None:
    """Every value comes back as it was given, under an opaque id fit for `sub`."""
    account = by_id(database, add(database, TOM, entropy))
    assert (22, True) == (len(account.id), account.id.isascii())
    assert (
        AccountFacts(
            id=account.id,
            user_id="Tom",
            user_id_key="tom",
            kind="consumer",
            status="active",
            email="Tom@Example.com",
            email_key="tom@example.com",
            email_verified=True,
            phone_number="+15555550100",
            phone_number_verified=False,
            claims={"name": "Tom Driver", "address": {"country": "US"}},
            locale="en",
            created_at=5.0,
            updated_at=5.0,
            not_before=None,
        )
        == account
    )


@pytest.mark.parametrize("typed", ["tom", " TOM. ", "\uff34om", "tom@example.com", "TOM@EXAMPLE.COM "])
def test_every_spelling_finds_the_account(database: Database, entropy: Entropy, typed: str) -> None:
    """User ID and verified address, in any spelling, stand for the one account."""
    assert add(database, TOM, entropy) == found(database, typed)


@pytest.mark.parametrize("typed", ["tim", "tom@example", "%", "' or ''='", "to_"])
def test_other_names_find_nobody(database: Database, entropy: Entropy, typed: str) -> None:
    """Nothing is a pattern or a piece of SQL."""
    add(database, TOM, entropy)
    assert found(database, typed) is None


def test_what_is_no_name_raises(database: Database) -> None:
    """NUL never reaches the database."""
    with pytest.raises(InvalidIdentifier):
        found(database, "tom\x00")


def test_an_unverified_address_finds_nobody(database: Database, entropy: Entropy) -> None:
    """Anyone could have claimed it."""
    add(database, replace(TOM, email_verified=False), entropy)
    assert found(database, "tom@example.com") is None


def test_a_shared_address_finds_nobody(database: Database, entropy: Entropy) -> None:
    """An address of two accounts stands for neither; each still has its user ID."""
    first = add(database, TOM, entropy)
    second = add(database, replace(TOM, user_id="tim"), entropy)
    assert [None, first, second] == [found(database, typed) for typed in ("tom@example.com", "tom", "tim")]


def test_a_closed_account_gives_its_address_back(database: Database, entropy: Entropy) -> None:
    """The address of a closed account does not make it shared; its user ID stays taken."""
    closed = add(database, TOM, entropy)
    second = add(database, replace(TOM, user_id="tim"), entropy)
    with database.writing() as connection:
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == closed).values(status="closed"))
    assert [second, closed] == [found(database, typed) for typed in ("tom@example.com", "tom")]


@pytest.mark.parametrize("user_id", ["tom", "TOM", "\uff34om", "tom@example.com", "tom."])
def test_nobody_takes_anothers_name(database: Database, entropy: Entropy, user_id: str) -> None:
    """A user ID is unique in every spelling, and is nobody else's address."""
    add(database, TOM, entropy)
    with pytest.raises(IdentifierTaken):
        add(database, NewAccount(user_id=user_id), entropy)


def test_nobodys_address_is_anothers_user_id(database: Database, entropy: Entropy) -> None:
    """Otherwise the mail of one would name the other."""
    add(database, NewAccount(user_id="post@example.com"), entropy)
    with pytest.raises(IdentifierTaken):
        add(database, NewAccount(user_id="tim", email="Post@example.com"), entropy)


def test_ones_own_address_may_be_ones_user_id(database: Database, entropy: Entropy) -> None:
    """Many people want nothing else."""
    new = NewAccount(user_id="tom@example.com", email="tom@example.com", email_verified=True)
    assert add(database, new, entropy) == found(database, "tom@example.com")


def test_every_fault_is_named_at_once(database: Database, entropy: Entropy) -> None:
    """Whoever feeds accounts learns all of it in one go."""
    wrong = NewAccount(user_id=" tom", email="tom", phone_number="1", locale="?", claims={"role": "admin"})
    with pytest.raises(AccountRefused) as refused:
        add(database, wrong, entropy)
    assert 5 == len(refused.value.faults)


def test_of_many_at_once_one_takes_the_name(database_url: str, entropy: Entropy) -> None:
    """Eight threads add one user ID: one account, seven refusals, and no other error."""
    database = Database(open_engine(database_url, pool_size=8))

    def outcome() -> str | None:
        try:
            return add(database, NewAccount(user_id="tom"), entropy)
        except IdentifierTaken:
            return None

    assert 1 == len([account_id for account_id in at_once(8, outcome) if account_id])
    database.engine.dispose()


def test_an_upsert_changes_what_differs(database: Database, entropy: Entropy) -> None:
    """Who is there keeps id and status and gets the new values; saying the same again changes nothing."""

    def upsert(new: NewAccount, now: float) -> str:
        with database.writing() as connection:
            return upsert_account(connection, new, now=now, entropy=entropy)

    tom = upsert(TOM, 1.0)
    with database.writing() as connection:
        disable_account(connection, account_id=tom, now=2.0)
    assert tom == upsert(TOM, 3.0)
    assert ("disabled", 1.0) == (by_id(database, tom).status, by_id(database, tom).updated_at)
    assert tom == upsert(replace(TOM, user_id="TOM", kind=Kind.BUSINESS, claims={"name": "T."}), 4.0)
    after = by_id(database, tom)
    expected = ("TOM", "business", {"name": "T."}, 4.0, "disabled")
    assert expected == (after.user_id, after.kind, after.claims, after.updated_at, after.status)


def test_disabling_voids_what_was_issued(database: Database, entropy: Entropy) -> None:
    """The account is disabled, its tokens are void from now, and every process learns it; enabling revives nothing."""
    tom = add(database, TOM, entropy)
    marks: list[Mark] = []
    database.subscribe(partial(_extend, marks))
    with database.writing() as connection:
        disable_account(connection, account_id=tom, now=9.0)
    assert [Mark("account", tom, 9.0, 9.0)] == marks
    assert ("disabled", 9.0) == (by_id(database, tom).status, by_id(database, tom).not_before)
    with database.writing() as connection:
        enable_account(connection, account_id=tom)
    assert ("active", 9.0) == (by_id(database, tom).status, by_id(database, tom).not_before)


@pytest.mark.parametrize("status", ["closed", None])
def test_a_closed_account_never_comes_back(database: Database, entropy: Entropy, status: str | None) -> None:
    """Neither does one that never was."""
    tom = add(database, TOM, entropy) if status else "nobody"
    with database.writing() as connection:
        connection.execute(update(ACCOUNTS).values(status=status or "active"))
    for act in (partial(disable_account, now=9.0), enable_account):
        with pytest.raises(UnknownAccount), database.writing() as connection:
            act(connection, account_id=tom)


def _extend(marks: list[Mark], written: Sequence[Mark]) -> None:
    marks.extend(written)
