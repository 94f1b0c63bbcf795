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
from idp.lockout.known_devices import device_parameters, remember_device
from idp.lockout.models import COUNTERS
from idp.lockout.origin import origin_of
from idp.lockout.reservation import TooManyGuesses
from idp.passwords.credentials import find_credential, set_password
from idp.passwords.hasher import WrongPassword
from idp.passwords.models import CREDENTIALS
from idp.storage.database import Database
from idp.storage.engine import open_engine
from keys.mac import MacKey
from tests.support.racing import at_once
from tests.support.statements import statements_of

KEY = MacKey({1: b"1" * 32}, "lookup")
SCHEDULE = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 20.0]
"""When ten guesses come of which none is too soon."""
TOM = NewAccount(user_id="Tom", email="tom@example.com", email_verified=True)


@dataclass
class House:
    """A database with one account in it, whose stored password is `p1$old`."""

    database: Database
    tom: str

    def attempt(self, identifier: str, *, device: bytes | None = None, now: float = 0.0) -> Attempt:
        """Run the first statement in a transaction of its own."""
        with self.database.writing() as connection:
            return reserve_and_read(
                connection,
                identifier=identifier,
                identifier_key=f"typed:{identifier}",
                origin=origin_of(KEY, identifier=identifier, address="192.0.2.7", device_digest=device, now=now),
                now=now,
            )

    def fail(self, identifier: str, *, device: bytes | None = None, now: float = 0.0) -> Attempt:
        """Attempt it, and record that it was wrong."""
        attempt = self.attempt(identifier, device=device, now=now)
        event = Event(type=EventType.SIGN_IN_REFUSED, at=now, actor="anonymous", result="wrong", reference="R1")
        origin = attempt.reservation.origin if attempt.reservation.counts_for_place else None
        with self.database.writing() as connection:
            record_failure(connection, event=event, entropy=secrets.token_bytes, counted_at=origin)
        return attempt

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
                remembered_digest=None,
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
    assert {f"account:{house.tom}": 1} == house.failures()


def test_a_name_that_nobody_has_counts_alike(house: House) -> None:
    """Under its keyed hash, to the same number, with the same end."""
    refused = {}
    for identifier in ("nobody", "tom"):
        for now in SCHEDULE:
            house.fail(identifier, now=now).reservation.require_admitted()
        with pytest.raises(TooManyGuesses) as raised:
            house.attempt(identifier, now=30.0).reservation.require_admitted()
        refused[identifier] = (raised.value.kind, raised.value.ends_at)
    assert refused["nobody"] == refused["tom"]
    assert house.attempt("nobody").account is None


def test_names_share_the_budget(house: House) -> None:
    """Ten guesses over two spellings are ten guesses."""
    for number, now in enumerate(SCHEDULE):
        house.attempt(("tom", "tom@example.com")[number % 2], now=now).reservation.require_admitted()
    for identifier in ("tom", "tom@example.com"):
        with pytest.raises(TooManyGuesses):
            house.attempt(identifier, now=30.0).reservation.require_admitted()


def test_an_account_without_a_password_is_read(house: House) -> None:
    """Whoever signs in otherwise has none to check."""
    with house.database.writing() as connection:
        ann = add_account(connection, NewAccount(user_id="ann"), now=0.0, entropy=secrets.token_bytes)
    attempt = house.attempt("ann")
    assert Candidate(id=ann, user_id="ann", kind="consumer", status="active", password_hash=None) == attempt.account
    with pytest.raises(WrongPassword):
        house.succeed(attempt)


def test_two_hundred_attempts_at_once_share_the_budget(database_url: str) -> None:
    """Whichever name of the account is typed, the six that need not wait are checked."""
    house = furnished(Database(open_engine(database_url, pool_size=20)))

    def ten_attempts() -> list[bool]:
        return [
            house.attempt(("tom", "tom@example.com")[number % 2]).reservation.window is not None for number in range(10)
        ]

    outcomes = [outcome for outcomes in at_once(20, ten_attempts) for outcome in outcomes]
    assert (200, 6) == (len(outcomes), outcomes.count(True))
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
        locked_down_at=None,
        consented_scopes=frozenset({"openid", "email"}),
        factors=frozenset(),
        remembered=False,
        permissions=frozenset(),
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
    *_, last = [house.attempt("tom", now=now) for now in [*SCHEDULE, 30.0]]
    with pytest.raises(TooManyGuesses):
        house.succeed(last)
    assert [] == house.events()


def test_a_failure_is_recorded_and_stays_counted(house: House) -> None:
    """The second transaction adds the event, and what its place has failed, once."""
    for _ in range(2):
        house.fail("tom")
    failures = house.failures()
    assert 2 == failures.pop(f"account:{house.tom}")
    assert ({"pair", "name", "place", "wider"}, {1}) == (
        {key.partition(":")[0] for key in failures},
        set(failures.values()),
    )
    assert ["sign_in.refused"] * 2 == house.events()


def test_a_failure_in_a_known_browser_is_not_its_places(house: House) -> None:
    """It counts for that browser alone."""
    known = device_parameters(handle_digest=b"b" * 32, account_id=house.tom, now=0.0, entropy=secrets.token_bytes)
    with house.database.writing() as connection:
        connection.execute(remember_device(connection.dialect.name), known)
    house.fail("tom@example.com", device=b"b" * 32)
    assert {f"device:{known['device_row']}": 1} == house.failures()


def test_success_ends_the_row_of_failures(house: House) -> None:
    """Its own pair is given back with it, and the failures of this window stay counted."""
    for now in SCHEDULE[:5]:
        house.fail("tom", now=now)
    house.fail("dana", now=5.0)
    house.succeed(house.attempt("tom", now=6.0))
    failures = house.failures()
    assert (5, 1) == (failures[f"account:{house.tom}"], failures["typed:dana"])
    assert [1, 1] == [failed for key, failed in failures.items() if key.startswith(("place", "wider"))]
    with house.database.reading() as connection:
        of_tom = select(COUNTERS.c.consecutive).where(COUNTERS.c.key == f"account:{house.tom}")
        assert 0 == connection.execute(of_tom).scalar_one()


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
    for identifier in ("tom", "nobody"):
        for _ in range(2):
            with statements_of(house.database.engine) as sent:
                house.fail(identifier)
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
