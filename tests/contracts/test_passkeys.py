"""Passkeys on SQLite and PostgreSQL: enrolled once, counted upwards, and each challenge answered once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import select

from idp.accounts.add import NewAccount, add_account
from idp.acts.disable_account import disable_account
from idp.acts.enrol_passkey import PasskeyEnrolment
from idp.acts.verify_passkey import PasskeyCheck, PasskeyVerifier
from idp.acts.visitor import Visitor
from idp.audit.browse import Wanted, all_events
from idp.mfa.factors import FactorExists, FactorFacts, list_factors, remove_factor
from idp.mfa.models import FACTORS
from idp.mfa.passkey import RelyingParty
from idp.mfa.passkey_challenge import Challenges
from idp.mfa.policy import Factor, Way
from idp.mfa.remembered import count_remembered, remember
from idp.mfa.verified import AnswerTooLate, AnswerUsed, FactorRefused, NoSuchFactor, Verified, WrongAnswer
from idp.storage.database import Database
from keys.mac import MacKey
from tests.support.authenticator import BE, BS, UP, UV, Authenticator, Said, text
from tests.support.clock import SettableClock
from tests.support.racing import at_once

ISSUER = "https://id.example.com"
HERE = "journey:one"
VISITOR = Visitor(address="192.0.2.7", user_agent="Firefox on Linux", reference="ABCD-1234")


@dataclass(kw_only=True)
class Desk:
    """Both acts on one database, and a person."""

    database: Database
    clock: SettableClock
    enrolment: PasskeyEnrolment
    verifier: PasskeyVerifier
    dana: str

    def person(self, user_id: str) -> str:
        """Add somebody."""
        new = NewAccount(user_id=user_id, email=f"{user_id}@example.com", claims={"name": "Dana Driver"})
        with self.database.writing() as connection:
            return add_account(connection, new, now=self.clock(), entropy=secrets.token_bytes)

    def options(self, account_id: str, place: str = HERE) -> str:
        """Begin to enrol."""
        with self.database.reading() as connection:
            return self.enrolment.begin(connection, account_id=account_id, place=place)

    def finish(self, account_id: str, answer: str, *, place: str = HERE, name: str = "My phone") -> FactorFacts:
        """Finish it."""
        with self.database.writing() as connection:
            return self.enrolment.finish(
                connection, answer, account_id=account_id, place=place, name=name, visitor=VISITOR
            )

    def enrolled(self, account_id: str, **about: int | None) -> Authenticator:
        """Enrol a passkey."""
        passkey = Authenticator(said=Said(origin=ISSUER), **about)  # type: ignore[arg-type]
        self.finish(account_id, text(passkey.create(self.options(account_id))))
        return passkey

    def checked(self, passkey: Authenticator, *, place: str = HERE, flags: int = UP | UV) -> PasskeyCheck:
        """Sign in with it, as far as nothing is written."""
        answer = text(passkey.get(self.verifier.sign_in_options(place=place), flags=flags))
        return self.verifier.check_sign_in(answer, place=place, client_id="app", visitor=VISITOR)

    def record(self, check: PasskeyCheck) -> Verified:
        """Write it."""
        with self.database.writing() as connection:
            return self.verifier.record(connection, check, client_id="app", visitor=VISITOR)

    def as_second(self, passkey: Authenticator, account_id: str, *, options_of: str | None = None) -> Verified:
        """Use it as the second factor of an account; the options may be another's."""
        with self.database.reading() as connection:
            options = self.verifier.second_factor_options(connection, account_id=options_of or account_id, place=HERE)
        check = self.verifier.check_second_factor(
            text(passkey.get(options)), account_id=account_id, place=HERE, client_id="app", visitor=VISITOR
        )
        return self.record(check)

    def factors(self, account_id: str) -> list[FactorFacts]:
        """List an account's factors."""
        with self.database.reading() as connection:
            return list_factors(connection, account_id=account_id)


@pytest.fixture
def desk(database: Database, clock: SettableClock) -> Desk:
    """Give both acts, and Dana."""
    here = RelyingParty(ISSUER, name="Example Motor Finance")
    challenges = Challenges(MacKey({1: b"r" * 32}, "proof.passkey"), entropy=secrets.token_bytes)
    handles = MacKey({1: b"s" * 32}, "lookup.passkey")
    desk = Desk(
        database=database,
        clock=clock,
        enrolment=PasskeyEnrolment(here, challenges, handles, clock=clock, entropy=secrets.token_bytes),
        verifier=PasskeyVerifier(database, here, challenges, clock=clock, entropy=secrets.token_bytes),
        dana="",
    )
    desk.dana = desk.person("dana")
    return desk


def events(database: Database) -> list[tuple[str, str, str | None]]:
    """Give what was recorded: type, result, account."""
    with database.reading() as connection:
        return [(event.type, event.result, event.account_id) for event in all_events(connection, Wanted())]


def test_a_passkey_is_enrolled_and_signs_in(desk: Desk) -> None:
    """It is kept under its name, says later whose it is, and what that is worth."""
    passkey = desk.enrolled(desk.dana)
    (factor,) = desk.factors(desk.dana)
    assert (Factor.PASSKEY, "My phone") == (factor.kind, factor.name)
    assert Verified(account_id=desk.dana, way=Way.PASSKEY, factor_id=factor.id) == desk.record(desk.checked(passkey))
    assert desk.clock() == desk.factors(desk.dana)[0].last_used_at


def test_what_is_written_down_and_told(desk: Desk) -> None:
    """Enrolment, sign-in and refusal are events of the account; the owner is told of the first by mail."""
    passkey = desk.enrolled(desk.dana)
    desk.record(desk.checked(passkey))
    with pytest.raises(WrongAnswer):
        desk.checked(passkey, flags=UP)
    assert {
        ("factor.added", "ok", desk.dana),
        ("sign_in.succeeded", "ok", desk.dana),
        ("sign_in.refused", "wrong_passkey", desk.dana),
    } == set(events(desk.database))
    with desk.database.reading() as connection:
        mails = connection.exec_driver_sql("SELECT kind, recipient FROM outbox").all()
    assert [("factor_added", "dana@example.com")] == [tuple(mail) for mail in mails]


def test_a_new_passkey_forgets_remembered_browsers(desk: Desk) -> None:
    """What they vouched for has changed."""
    with desk.database.writing() as connection:
        remember(
            connection,
            account_id=desk.dana,
            brought_digest=None,
            user_agent_label=None,
            entropy=secrets.token_bytes,
            now=desk.clock(),
        )
    desk.enrolled(desk.dana)
    with desk.database.reading() as connection:
        assert 0 == count_remembered(connection, account_id=desk.dana, now=desk.clock())


def test_the_account_is_named_without_its_sub(desk: Desk) -> None:
    """Every passkey of an account gets the same handle; nobody reads the account's id from it, nor another's."""
    first = desk.enrolled(desk.dana)
    second = desk.enrolled(desk.dana)
    other = desk.enrolled(desk.person("tom"))
    assert first.user_handle == second.user_handle
    assert first.user_handle != other.user_handle
    assert desk.dana.encode() not in (first.user_handle or b"")


def test_several_passkeys_are_told_apart_from_new_ones(desk: Desk) -> None:
    """A browser is told which are there already, and each of them signs in."""
    passkeys = [desk.enrolled(desk.dana), desk.enrolled(desk.dana, count=None)]
    excluded = json.loads(desk.options(desk.dana))["excludeCredentials"]
    assert 2 == len(excluded)
    assert [desk.dana] * 2 == [desk.record(desk.checked(passkey)).account_id for passkey in passkeys]


def test_the_same_passkey_is_not_enrolled_twice(desk: Desk) -> None:
    """Neither at the same account nor at another."""
    passkey = desk.enrolled(desk.dana)
    for account_id in (desk.dana, desk.person("tom")):
        with pytest.raises(FactorExists):
            desk.finish(account_id, text(passkey.create(desk.options(account_id))))
    assert 1 == len(desk.factors(desk.dana))


def test_an_answer_enrols_once(desk: Desk) -> None:
    """Sent again after the passkey was removed, it does not bring it back (T10)."""
    passkey = Authenticator(said=Said(origin=ISSUER))
    answer = text(passkey.create(desk.options(desk.dana)))
    factor = desk.finish(desk.dana, answer)
    with desk.database.writing() as connection:
        remove_factor(connection, account_id=desk.dana, factor_id=factor.id)
    with pytest.raises(AnswerUsed):
        desk.finish(desk.dana, answer)
    assert [] == desk.factors(desk.dana)


@pytest.mark.parametrize(("place", "late", "refused"), [("session:x", 0, WrongAnswer), (HERE, 300, AnswerTooLate)])
def test_an_answer_enrols_where_and_when_it_was_asked_for(
    desk: Desk, place: str, late: int, refused: type[FactorRefused]
) -> None:
    """Not in another journey or session, not after five minutes, not at another account."""
    answer = text(Authenticator(said=Said(origin=ISSUER)).create(desk.options(desk.dana)))
    desk.clock.advance(late)
    with pytest.raises(refused):
        desk.finish(desk.dana, answer, place=place)
    with pytest.raises(FactorRefused):
        desk.finish(desk.person("tom"), answer)
    assert [] == desk.factors(desk.dana)


def test_a_name_is_plain_text(desk: Desk) -> None:
    """What turns or hides text is dropped; nothing at all becomes a word."""
    for typed, kept in ((" My\n\u202ephone ", "My phone"), ("\u200b", "Passkey"), ("x" * 99, "x" * 64)):
        passkey = Authenticator(said=Said(origin=ISSUER))
        answer = text(passkey.create(desk.options(desk.dana)))
        assert kept == desk.finish(desk.dana, answer, name=typed).name


def test_an_answer_signs_in_once(desk: Desk) -> None:
    """Of many requests with one signature, at once or later, one has it."""
    passkey = desk.enrolled(desk.dana, count=None)
    check = desk.checked(passkey)
    outcomes = at_once(8, partial(outcome_of, partial(desk.record, check)))
    assert ["AnswerUsed"] * 7 + ["ok"] == sorted(outcomes)
    with pytest.raises(AnswerUsed):
        desk.record(check)


def outcome_of(act: Callable[[], object]) -> str:
    """Say what came of it."""
    try:
        act()
    except FactorRefused as error:
        return type(error).__name__
    return "ok"


def test_a_copied_passkey_is_found_out(desk: Desk) -> None:
    """Of two signatures with one counter, checked at the same time, one signs in; the counter never goes back."""
    passkey = desk.enrolled(desk.dana, count=4)
    checks = []
    for _ in range(2):
        passkey.count = 7
        checks.append(desk.checked(passkey))
    passkey.count = 5
    checks.append(desk.checked(passkey))
    assert ["ok", "WrongAnswer", "WrongAnswer"] == [outcome_of(partial(desk.record, check)) for check in checks]
    with desk.database.reading() as connection:
        assert 8 == connection.execute(select(FACTORS.c.sign_count)).scalar_one()


def test_a_removed_passkey_is_not_used(desk: Desk) -> None:
    """Neither looked up, nor recorded when it went in between."""
    passkey = desk.enrolled(desk.dana)
    check = desk.checked(passkey)
    with desk.database.writing() as connection:
        remove_factor(connection, account_id=desk.dana, factor_id=check.passkey.factor_id)
    with pytest.raises(FactorRefused):
        desk.record(check)
    with pytest.raises(NoSuchFactor):
        desk.checked(passkey)


def test_a_disabled_account_has_no_use_of_its_passkeys(desk: Desk) -> None:
    """It is refused as if there were none, alone and as second factor, and gets no new one."""
    passkey = desk.enrolled(desk.dana)
    with desk.database.writing() as connection:
        disable_account(connection, account_id=desk.dana, actor="test", entropy=secrets.token_bytes, now=desk.clock())
    with pytest.raises(NoSuchFactor):
        desk.checked(passkey)
    with pytest.raises(NoSuchFactor):
        desk.as_second(passkey, desk.dana)
    with pytest.raises(NoSuchFactor):
        desk.options(desk.dana)


def test_a_passkey_is_a_second_factor(desk: Desk) -> None:
    """Of its own account; a device that says nothing of whose it is may do so here."""
    passkey = desk.enrolled(desk.dana)
    passkey.user_handle = None
    assert (desk.dana, Way.PASSKEY) == (desk.as_second(passkey, desk.dana).account_id, Way.PASSKEY)
    assert ("factor.verified", "ok", desk.dana) in events(desk.database)


def test_another_persons_passkey_is_no_second_factor(desk: Desk) -> None:
    """Not with the options of either (T30)."""
    tom = desk.person("tom")
    passkeys = desk.enrolled(desk.dana), desk.enrolled(tom)
    for options_of in (desk.dana, tom):
        with pytest.raises(FactorRefused):
            desk.as_second(passkeys[1], desk.dana, options_of=options_of)
    assert ("factor.refused", "wrong_passkey", desk.dana) in events(desk.database)


def test_nobody_is_asked_for_passkeys_that_they_have_not(desk: Desk) -> None:
    """There is nothing to ask for."""
    with desk.database.reading() as connection, pytest.raises(NoSuchFactor):
        desk.verifier.second_factor_options(connection, account_id=desk.dana, place=HERE)


def test_answers_do_not_cross_from_one_use_to_another(desk: Desk) -> None:
    """A signature for signing in is no second factor, one of a second factor signs nobody in (T30)."""
    passkey = desk.enrolled(desk.dana)
    with desk.database.reading() as connection:
        second = desk.verifier.second_factor_options(connection, account_id=desk.dana, place=HERE)
    first = desk.verifier.sign_in_options(place=HERE)
    with pytest.raises(WrongAnswer):
        desk.verifier.check_sign_in(text(passkey.get(second)), place=HERE, client_id=None, visitor=VISITOR)
    with pytest.raises(WrongAnswer):
        desk.verifier.check_second_factor(
            text(passkey.get(first)), account_id=desk.dana, place=HERE, client_id=None, visitor=VISITOR
        )
    with pytest.raises(WrongAnswer):
        desk.verifier.check_sign_in(text(passkey.get(first)), place="journey:two", client_id=None, visitor=VISITOR)


def test_a_synced_passkey_says_whether_it_is_copied(desk: Desk) -> None:
    """It is worth what its making said; whether it is backed up now is kept for its owner."""
    passkey = Authenticator(said=Said(origin=ISSUER), count=None)
    desk.finish(desk.dana, text(passkey.create(desk.options(desk.dana), flags=UP | UV | BE)))
    assert Way.SYNCED_PASSKEY is desk.record(desk.checked(passkey, flags=UP | UV | BE | BS)).way
    assert desk.factors(desk.dana)[0].facts["backed_up"] is True
