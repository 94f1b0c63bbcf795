"""What thieves try with codes: used ones, other people's, many at once, from many journeys, and texts that cost."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from idp.acts.visitor import Visitor
from idp.app import Service
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.mfa.policy import Way
from idp.storage.database import Database
from tests.support.clock import SettableClock
from tests.support.in_process import add_person, issuer_on
from tests.support.racing import at_once
from tests.support.recovery import deliver
from tests.support.typed_factors import (
    HERE,
    NUMBER,
    OTHER_NUMBER,
    THERE,
    Person,
    outcome_of,
    texted_code,
    texts,
    wrong,
)

FULL_WIDTH = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer that uses texts, on SQLite and on PostgreSQL."""
    with issuer_on(
        database_url,
        tmp_path,
        clock=clock,
        signing_algs=("ES256",),
        mail_folder=tmp_path / "mail",
        sms=True,
        database_pool=24,
    ) as running:
        yield running


@pytest.fixture
def dana(service: Service) -> Person:
    """Give somebody without a second factor."""
    return Person(service, add_person(service))


def dump(database: Database) -> str:
    """Write out every row of every table."""
    with database.reading() as connection:
        sqlite = connection.dialect.name == "sqlite"
        names = connection.execute(
            text(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                if sqlite
                else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
        ).scalars()
        return "\n".join(
            str([tuple(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))])  # noqa: S608 - a table's name
            for name in names
        )


def test_used_and_shifted_and_dressed_up_codes_of_an_app(dana: Person) -> None:
    """T06: the same code twice (with a blank, too), two steps back, one ahead, and full-width digits are refused."""
    _, app = dana.enrol_app()
    code = dana.code_of(app)
    assert "WrongAnswer" == dana.outcome(Way.TOTP, code.translate(FULL_WIDTH))
    assert "WrongAnswer" == dana.outcome(Way.TOTP, dana.code_of(app, steps=-2))
    assert "WrongAnswer" == dana.outcome(Way.TOTP, dana.code_of(app, steps=1))
    assert "ok" == dana.outcome(Way.TOTP, code)
    for again in (code, f" {code}", f"{code[:3]} {code[3:]}", code.translate(FULL_WIDTH)):
        assert dana.outcome(Way.TOTP, again) in {"AnswerUsed", "WrongAnswer"}


def test_a_spent_step_stays_spent_wherever_it_is_tried(dana: Person) -> None:
    """T06: another journey, a restart and an emptied cache make no second use of it."""
    _, app = dana.enrol_app()
    code = dana.code_of(app)
    dana.verify(Way.TOTP, code)
    assert "AnswerUsed" == dana.outcome(Way.TOTP, code, place=THERE)
    settings = dana.service.settings
    with issuer_on(
        settings.database_url.get_secret_value(),
        Path(str(settings.kek_file)).parent,
        keys=False,
        clock=dana.service.clock,
        signing_algs=("ES256",),
    ) as restarted:
        assert "AnswerUsed" == Person(restarted, dana.account_id).outcome(Way.TOTP, code)


def test_a_texted_code_is_good_in_its_own_journey_alone(dana: Person) -> None:
    """T07: not in another journey, not for another person, not after a newer one."""
    tom = Person(dana.service, add_person(dana.service, "tom"))
    dana.add_number()
    tom.add_number(OTHER_NUMBER)
    dana.text(place=HERE)
    first = texted_code(dana.service)
    assert "AnswerTooLate" == dana.outcome(Way.SMS, first, place=THERE)
    assert "AnswerTooLate" == tom.outcome(Way.SMS, first, place=HERE)
    dana.later(31.0)
    dana.text(place=HERE)
    assert "AnswerTooLate" == dana.outcome(Way.SMS, first, place=HERE)
    second = texted_code(dana.service)
    assert "WrongAnswer" == dana.outcome(Way.SMS, first if first != second else wrong(second), place=HERE)
    assert "ok" == dana.outcome(Way.SMS, second, place=HERE)


def test_what_adds_a_number_signs_nobody_in(dana: Person) -> None:
    """T07: a code that was read out to "confirm a number" is worth nothing in a sign-in, nor the other way round."""
    dana.add_number()
    dana.text_new(OTHER_NUMBER, place=THERE)
    adding = texted_code(dana.service)
    assert "AnswerTooLate" == dana.outcome(Way.SMS, adding, place=THERE)
    dana.later(31.0)
    dana.text(place=THERE)
    signing_in = texted_code(dana.service)
    assert "AnswerTooLate" == outcome_of(partial(dana.finish_number, signing_in, place=THERE))


def test_one_texted_code_in_parallel(dana: Person) -> None:
    """Of twenty who type it at once, one gets in."""
    dana.add_number()
    dana.text()
    outcomes = at_once(20, partial(dana.outcome, Way.SMS, texted_code(dana.service)))
    assert 1 == outcomes.count("ok")
    assert {"ok", "AnswerUsed", "TooManyGuesses"} >= set(outcomes)


def test_one_recovery_code_in_parallel(dana: Person) -> None:
    """T08: twenty at once, from as many journeys, one success, and one line in the trail that says so."""
    dana.enrol_app()
    code, places = dana.recovery_codes()[0], count()
    outcomes = at_once(20, lambda: dana.outcome(Way.RECOVERY_CODE, code, place=f"journey:{next(places)}"))
    assert 1 == outcomes.count("ok")
    assert 1 == len(dana.events("factor.verified"))


def test_the_number_is_the_factor_s_whatever_was_typed_elsewhere(dana: Person) -> None:
    """T26: a thief who knows the password, and is asked for a code, cannot have it sent to themselves."""
    dana.add_number()
    before = len(deliver(dana.service))
    dana.text_new(OTHER_NUMBER, place=THERE)
    dana.later(31.0)
    dana.text(place=HERE)
    went = [mail.recipient for mail in deliver(dana.service)[: len(deliver(dana.service)) - before]]
    assert [NUMBER, OTHER_NUMBER] == went


def test_codes_stand_nowhere_but_in_the_text(dana: Person, caplog: pytest.LogCaptureFixture) -> None:
    """T26: not in a row, not in the trail, not in a log; neither does what an app or a recovery code is made of."""
    caplog.set_level(logging.DEBUG)
    _, app = dana.enrol_app()
    codes = dana.recovery_codes()
    dana.add_number()
    dana.text()
    code = texted_code(dana.service)
    guessed = f"{(int(code) + 31337) % 1_000_000:06}"
    dana.outcome(Way.SMS, guessed)
    dana.verify(Way.SMS, code)
    dana.verify(Way.RECOVERY_CODE, codes[0])
    kept = dump(dana.service.database) + caplog.text
    for secret in (app.secret, app.byte_secret().hex(), *codes, *(it.replace("-", "") for it in codes)):
        assert secret not in kept
    for six in (code, guessed):
        assert not re.search(rf"(?<![0-9.]){six}(?![0-9])", kept)


def test_a_hundred_journeys_share_one_counter(dana: Person) -> None:
    """T37, T40: guesses at a code are counted for the account, however many journeys are begun for them."""
    dana.add_number()
    dana.text()
    code, places = texted_code(dana.service), count()

    def guess() -> list[str]:
        ways = (Way.TOTP, Way.SMS, Way.RECOVERY_CODE, Way.SMS, Way.TOTP)
        return [dana.outcome(way, wrong(code), place=f"journey:{next(places)}") for way in ways]

    outcomes = [outcome for of_thread in at_once(20, guess) for outcome in of_thread]
    assert 100 == len(outcomes)
    assert 10 == sum(outcome != "TooManyGuesses" for outcome in outcomes)
    assert 10 == dana.guesses()
    assert "TooManyGuesses" == dana.outcome(Way.SMS, code)


def test_another_text_does_not_refill_the_guesses(dana: Person) -> None:
    """T38: nor does a new code, a new number, or a new app."""
    dana.add_number()
    dana.text()
    code = texted_code(dana.service)
    for _ in range(9):
        dana.outcome(Way.SMS, wrong(code))
    dana.later(31.0)
    dana.text()
    newer = texted_code(dana.service)
    dana.enrol_app()
    assert 9 == dana.guesses()
    assert "WrongAnswer" == dana.outcome(Way.SMS, wrong(newer))
    assert "TooManyGuesses" == dana.outcome(Way.SMS, newer)


def test_a_guess_at_one_factor_is_none_at_somebody_else_s(dana: Person) -> None:
    """T40: who guesses at one account does not shut another out."""
    tom = Person(dana.service, add_person(dana.service, "tom"))
    _, app = tom.enrol_app()
    for _ in range(12):
        dana.outcome(Way.TOTP, "000000")
    assert "TooManyGuesses" == dana.outcome(Way.TOTP, "000000")
    assert "ok" == tom.outcome(Way.TOTP, tom.code_of(app))


def test_guessing_who_owns_a_number_is_counted_too(dana: Person) -> None:
    """Whoever could guess the code of a new number would own somebody else's."""
    dana.text_new(OTHER_NUMBER)
    code = texted_code(dana.service)
    outcomes = [outcome_of(partial(dana.finish_number, wrong(code))) for _ in range(11)]
    assert ["WrongAnswer"] * 10 + ["TooManyGuesses"] == outcomes
    assert "TooManyGuesses" == outcome_of(partial(dana.finish_number, code))


def test_texts_are_rationed_for_an_account(dana: Person) -> None:
    """T45: half a minute apart, five in an hour, whatever journey asks; the eleventh hour is no better."""
    dana.add_number()
    dana.later(3600.0)
    dana.text()
    with pytest.raises(TooManyGuesses) as too_soon:
        dana.text(place=THERE)
    assert (GuessKind.SEND_AGAIN, dana.service.clock() + 30.0) == (too_soon.value.kind, too_soon.value.ends_at)
    for number in range(4):
        dana.later(31.0)
        dana.text(place=f"journey:{number}")
    dana.later(31.0)
    before = len(texts(dana.service))
    with pytest.raises(TooManyGuesses) as too_many:
        dana.text()
    assert GuessKind.SEND is too_many.value.kind
    assert (0, 2) == (
        len(texts(dana.service)) - before,
        [event.result for event in dana.events("factor.texted")].count("too_many_texts"),
    )
    dana.later(3600.0)
    dana.text()


def test_texts_are_rationed_for_a_number(dana: Person) -> None:
    """T45: many accounts do not flood one telephone, in whatever spelling its number is typed."""
    people = [dana, *(Person(dana.service, add_person(dana.service, f"person{number}")) for number in range(5))]
    spellings = [NUMBER, "+49 151 12345678", "+49 (0) 151 12345678", "\uff0b4915112345678", "+49-151-12345678", NUMBER]
    outcomes = [outcome_of(partial(it.text_new, typed)) for it, typed in zip(people, spellings, strict=True)]
    assert ["ok"] * 5 + ["TooManyGuesses"] == outcomes
    assert 5 == len(texts(dana.service))


def test_texts_are_rationed_for_a_network(service: Service) -> None:
    """T45: sixty in an hour from one network, over any number of accounts and numbers."""
    visitor = Visitor(address="2001:db8::1", user_agent=None, reference="")
    neighbour = Visitor(address="2001:db8::ffff", user_agent=None, reference="")
    outcomes = []
    for number in range(61):
        person = Person(service, add_person(service, f"person{number}", password=None))
        asks = visitor if number % 2 else neighbour
        outcomes.append(outcome_of(partial(person.text_new, f"+49151{12345600 + number}", visitor=asks)))
    assert ["ok"] * 60 + ["TooManyGuesses"] == outcomes


def test_parallel_questions_cause_one_text(dana: Person) -> None:
    """T45: twenty clicks at once."""
    dana.add_number()
    before = len(texts(dana.service))
    outcomes = at_once(20, lambda: outcome_of(dana.text))
    assert 1 == outcomes.count("ok")
    assert 1 == len(texts(dana.service)) - before
