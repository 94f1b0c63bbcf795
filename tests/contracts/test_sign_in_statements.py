"""The statements of a sign-in on SQLite and PostgreSQL: what they decide is the same, how many they are is exact."""

import secrets
from dataclasses import dataclass

import pytest
from sqlalchemy import select, update

from idp.accounts.add import NewAccount, add_account
from idp.accounts.disable import disable_account
from idp.acts.sign_in_statements import (
    Attempt,
    Candidate,
    PasswordChangedMeanwhile,
    SignedIn,
    record_failure,
    record_success,
    reserve_and_read,
)
from idp.audit.events import Event, EventType, Personal
from idp.audit.read import events_by_reference
from idp.issuance.consents import remember_consent, withdraw_consent
from idp.lockout.models import COUNTERS
from idp.lockout.reservation import TooManyGuesses
from idp.passwords.credentials import find_credential, set_password
from idp.passwords.hasher import WrongPassword
from idp.passwords.models import CREDENTIALS
from idp.storage.database import Database
from idp.storage.engine import open_engine
from tests.support.racing import at_once
from tests.support.statements import statements_of

TOM = NewAccount(user_id="Tom", email="tom@example.com", email_verified=True)


@dataclass
class House:
    """A database with one account in it, whose stored password is `p1$old`."""

    database: Database
    tom: str

    def attempt(self, identifier: str, *, address: str = "one", now: float = 0.0) -> Attempt:
        """Run the first statement in a transaction of its own."""
        with self.database.writing() as connection:
            return reserve_and_read(
                connection,
                identifier=identifier,
                identifier_key=f"typed:{identifier}",
                address_key=f"address:{address}",
                now=now,
            )

    def succeed(self, attempt: Attempt, *, client_id: str | None = "app", new_hash: str | None = None) -> SignedIn:
        """Run the second statement in a transaction of its own."""
        event = Event(
            type=EventType.SIGN_IN_SUCCEEDED,
            at=1.0,
            actor=f"account:{self.tom}",
            account_id=self.tom,
            client_id=client_id,
            reference="R1",
            personal=Personal(address="192.0.2.7"),
        )
        with self.database.writing() as connection:
            return record_success(
                connection,
                attempt=attempt,
                event=event,
                client_id=client_id,
                new_hash=new_hash,
                entropy=secrets.token_bytes,
            )

    def failures(self) -> dict[str, int]:
        """Read how many failures each key has."""
        with self.database.reading() as connection:
            return {row.key: row.failures for row in connection.execute(select(COUNTERS.c.key, COUNTERS.c.failures))}

    def stored(self) -> str:
        """Read the stored password."""
        with self.database.reading() as connection:
            credential = find_credential(connection, account_id=self.tom)
        assert credential is not None
        return credential.hash

    def events(self) -> list[str]:
        """Read what has been recorded."""
        with self.database.reading() as connection:
            return [told.type for told in events_by_reference(connection, reference="R1")]


def furnished(database: Database) -> House:
    """Add the account."""
    with database.writing() as connection:
        tom = add_account(connection, TOM, now=0.0, entropy=secrets.token_bytes)
        set_password(connection, account_id=tom, stored="p1$old", must_change=False, now=0.0)
    return House(database, tom)


@pytest.fixture
def house(database: Database) -> House:
    """Give a database with one account, on SQLite and on PostgreSQL."""
    return furnished(database)


@pytest.mark.parametrize("identifier", ["tom", "tom@example.com"])
def test_every_name_of_an_account_counts_as_the_account(house: House, identifier: str) -> None:
    """User ID and address lead to the account, its password and its one counter."""
    attempt = house.attempt(identifier)
    expected = Candidate(id=house.tom, user_id="Tom", kind="consumer", status="active", password_hash="p1$old")
    assert expected == attempt.account
    assert {f"account:{house.tom}": 1, "address:one": 1} == house.failures()


def test_a_name_that_nobody_has_counts_alike(house: House) -> None:
    """Under its keyed hash, to the same number, with the same end."""
    refused = {}
    for identifier in ("nobody", "tom"):
        for number in range(10):
            house.attempt(identifier, address=f"{identifier} {number}").reservation.require_admitted()
        with pytest.raises(TooManyGuesses) as raised:
            house.attempt(identifier, now=1.0).reservation.require_admitted()
        refused[identifier] = (raised.value.kind, raised.value.ends_at)
    assert refused["nobody"] == refused["tom"]
    assert house.attempt("nobody").account is None


def test_names_share_the_budget(house: House) -> None:
    """Ten guesses over two spellings are ten guesses."""
    for number in range(10):
        house.attempt(("tom", "tom@example.com")[number % 2]).reservation.require_admitted()
    for identifier in ("tom", "tom@example.com"):
        with pytest.raises(TooManyGuesses):
            house.attempt(identifier).reservation.require_admitted()


def test_an_account_without_a_password_is_read(house: House) -> None:
    """Whoever signs in otherwise has none to check."""
    with house.database.writing() as connection:
        ann = add_account(connection, NewAccount(user_id="ann"), now=0.0, entropy=secrets.token_bytes)
    attempt = house.attempt("ann")
    assert Candidate(id=ann, user_id="ann", kind="consumer", status="active", password_hash=None) == attempt.account
    with pytest.raises(WrongPassword):
        house.succeed(attempt)


def test_two_hundred_attempts_at_once_are_ten(database_url: str) -> None:
    """Whichever name of the account is typed, ten are checked."""
    house = furnished(Database(open_engine(database_url, pool_size=20)))

    def ten_attempts() -> list[bool]:
        return [
            house.attempt(("tom", "tom@example.com")[number % 2], address=f"{number}").reservation.identifier_window
            is not None
            for number in range(10)
        ]

    outcomes = [outcome for outcomes in at_once(20, ten_attempts) for outcome in outcomes]
    assert (200, 10) == (len(outcomes), outcomes.count(True))
    house.database.engine.dispose()


def test_success_takes_back_and_tells_the_standing(house: House) -> None:
    """Nothing stays counted, the event is written, and the account is read anew with what it allows the client."""
    with house.database.writing() as connection:
        remember_consent(connection, account_id=house.tom, client_id="app", scopes=["openid", "email"], now=0.0)
    assert SignedIn(
        account_id=house.tom,
        kind="consumer",
        status="active",
        not_before=None,
        must_change=False,
        compromised_at=None,
        consented_scopes=frozenset({"openid", "email"}),
    ) == house.succeed(house.attempt("tom"))
    assert {0} == set(house.failures().values())
    assert (["sign_in.succeeded"], "p1$old") == (house.events(), house.stored())


@pytest.mark.parametrize("client_id", ["other", None])
def test_consent_is_the_clients_own(house: House, client_id: str | None) -> None:
    """What one client may have says nothing about another, and nothing without a client."""
    with house.database.writing() as connection:
        remember_consent(connection, account_id=house.tom, client_id="app", scopes=["openid"], now=0.0)
    assert frozenset() == house.succeed(house.attempt("tom"), client_id=client_id).consented_scopes


def test_a_withdrawn_consent_is_none(house: House) -> None:
    """It has to be given again."""
    with house.database.writing() as connection:
        remember_consent(connection, account_id=house.tom, client_id="app", scopes=["openid"], now=0.0)
        withdraw_consent(connection, account_id=house.tom, client_id="app", now=1.0)
    assert frozenset() == house.succeed(house.attempt("tom")).consented_scopes


def test_success_stores_the_new_form(house: House) -> None:
    """The password's hash moves on with the cost, at a sign-in."""
    house.succeed(house.attempt("tom"), new_hash="p2$new")
    assert "p2$new" == house.stored()


def test_a_password_changed_meanwhile_opens_nothing(house: House) -> None:
    """What was checked is void: nothing is taken back, recorded or overwritten."""
    attempt = house.attempt("tom")
    with house.database.writing() as connection:
        set_password(connection, account_id=house.tom, stored="p1$other", must_change=False, now=1.0)
    with pytest.raises(PasswordChangedMeanwhile):
        house.succeed(attempt, new_hash="p2$new")
    assert ([], "p1$other") == (house.events(), house.stored())
    assert {1} == set(house.failures().values())


def test_what_happened_meanwhile_is_told(house: House) -> None:
    """Disabled, reset due and compromised are seen as they are when the sign-in is recorded."""
    attempt = house.attempt("tom")
    with house.database.writing() as connection:
        disable_account(connection, account_id=house.tom, now=3.0)
        connection.execute(update(CREDENTIALS).values(must_change=True, compromised_at=2.0))
    signed_in = house.succeed(attempt)
    assert ("disabled", 3.0, True, 2.0) == (
        signed_in.status,
        signed_in.not_before,
        signed_in.must_change,
        signed_in.compromised_at,
    )


@pytest.mark.parametrize("identifier", ["nobody", "ann"])
def test_only_who_was_checked_can_succeed(house: House, identifier: str) -> None:
    """Without an account and a password there was nothing to check."""
    with pytest.raises(WrongPassword):
        house.succeed(house.attempt(identifier))


def test_an_attempt_that_was_not_admitted_cannot_succeed(house: House) -> None:
    """Even with the right password."""
    *_, last = [house.attempt("tom") for _ in range(11)]
    with pytest.raises(TooManyGuesses):
        house.succeed(last)
    assert [] == house.events()


def test_a_failure_is_recorded_and_stays_counted(house: House) -> None:
    """The event is all that the second transaction adds."""
    house.attempt("tom")
    event = Event(type=EventType.SIGN_IN_REFUSED, at=1.0, actor="anonymous", result="wrong", reference="R1")
    with house.database.writing() as connection:
        record_failure(connection, event=event, entropy=secrets.token_bytes)
    assert (["sign_in.refused"], {1}) == (house.events(), set(house.failures().values()))


def test_a_sign_in_is_two_statements_on_postgresql(postgresql_url: str) -> None:
    """One before the hash and one after it, with rehash, consent, event and personal values in them."""
    house = furnished(Database(open_engine(postgresql_url)))
    with statements_of(house.database.engine) as sent:
        attempt = house.attempt("tom")
        assert 1 == len(sent)
        house.succeed(attempt, new_hash="p2$new")
    assert 2 == len(sent)
    house.database.engine.dispose()


def test_a_wrong_password_is_two_statements_on_postgresql(postgresql_url: str) -> None:
    """For a known and for an unknown name: round trips tell nobody apart."""
    house = furnished(Database(open_engine(postgresql_url)))
    event = Event(type=EventType.SIGN_IN_REFUSED, at=1.0, actor="anonymous", personal=Personal(address="192.0.2.7"))
    for identifier in ("tom", "nobody"):
        with statements_of(house.database.engine) as sent:
            house.attempt(identifier)
            with house.database.writing() as connection:
                record_failure(connection, event=event, entropy=secrets.token_bytes)
        assert 2 == len(sent)
    house.database.engine.dispose()


def test_the_statements_need_no_compiling(postgresql_url: str) -> None:
    """A statement that SQLAlchemy compiles anew costs a millisecond on every call, unnoticed; these it never sees."""
    house = furnished(Database(open_engine(postgresql_url)))
    house.succeed(house.attempt("tom"))
    cache = house.database.engine._compiled_cache  # noqa: SLF001 - the only place where it shows
    assert cache is not None
    before = len(cache)
    for _ in range(3):
        house.succeed(house.attempt("tom"))
    assert before == len(cache)
    assert [] == [key for key in cache if "guess_counters" in str(cache[key])]
    house.database.engine.dispose()
