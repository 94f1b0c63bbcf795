"""Authenticator apps, on SQLite and PostgreSQL: when one counts, and that each of its steps is used once."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from idp.mfa.factors import list_factors
from idp.mfa.models import FACTORS
from idp.mfa.policy import Factor, Way
from idp.mfa.verified import AnswerTooLate, WrongAnswer
from tests.support.racing import at_once
from tests.support.typed_factors import HERE, THERE, VISITOR, Person, factors_of, outcome_of, removed


def test_an_app_counts_once_it_was_proved(dana: Person) -> None:
    """Until then no row holds it; after a wrong code the same seed is still there to be tried again."""
    enrolment = dana.service.parts.totp_enrolment
    offer = enrolment.begin(account_id=dana.account_id, user_id="dana", place=HERE)
    finish = partial(enrolment.finish, account_id=dana.account_id, place=HERE, name="", visitor=VISITOR)
    with pytest.raises(WrongAnswer):
        finish(answer="no code")
    assert [] == factors_of(dana)
    assert offer == enrolment.begin(account_id=dana.account_id, user_id="dana", place=HERE)
    assert ["not_enrolled"] == [event.result for event in dana.events("factor.refused")]
    factor, _ = dana.enrol_app(name=" My  phone ")
    assert ("My phone", Factor.TOTP, None) == (factor.name, factor.kind, factor.phone_number)
    assert ["totp"] == factors_of(dana)
    with pytest.raises(AnswerTooLate):
        finish(answer="123456")


def test_a_seed_waits_for_one_account_at_one_place_for_ten_minutes(dana: Person) -> None:
    """Another tab, another person and a later hour have seeds of their own."""
    enrolment = dana.service.parts.totp_enrolment
    begin = partial(enrolment.begin, user_id="dana")
    first = begin(account_id=dana.account_id, place=HERE)
    assert first.secret != begin(account_id=dana.account_id, place=THERE).secret
    assert first.secret != begin(account_id="tom", place=HERE).secret
    dana.later(600.0)
    assert first.secret != begin(account_id=dana.account_id, place=HERE).secret
    assert first.secret not in repr(first)


def test_a_step_is_used_once_and_uses_up_the_one_before(dana: Person) -> None:
    """RFC 6238 §5.2; an older code that somebody saw is worth nothing after a newer one."""
    _, app = dana.enrol_app()
    assert "WrongAnswer" == dana.outcome(Way.TOTP, dana.code_of(app, steps=-2))
    assert "WrongAnswer" == dana.outcome(Way.TOTP, dana.code_of(app, steps=1))
    assert "ok" == dana.outcome(Way.TOTP, dana.code_of(app))
    assert "AnswerUsed" == dana.outcome(Way.TOTP, dana.code_of(app))
    assert "AnswerUsed" == dana.outcome(Way.TOTP, f" {dana.code_of(app)} ")
    assert "AnswerUsed" == dana.outcome(Way.TOTP, dana.code_of(app, steps=-1))
    dana.later(60.0)
    assert "ok" == dana.outcome(Way.TOTP, dana.code_of(app, steps=-1))
    assert "ok" == dana.outcome(Way.TOTP, dana.code_of(app))


def test_what_enrolled_an_app_signs_nobody_in(dana: Person) -> None:
    """The code that proved it is spent."""
    enrolment = dana.service.parts.totp_enrolment
    dana.enrol_app()
    offer = enrolment.begin(account_id=dana.account_id, user_id="dana", place=THERE)
    _, app = dana.enrol_app(place=THERE, name="Another")
    assert app.secret == offer.secret.replace(" ", "")
    dana.later(-60.0)
    assert "AnswerUsed" == dana.outcome(Way.TOTP, dana.code_of(app))


def test_two_apps_of_one_person(dana: Person) -> None:
    """Whichever has the code: a new phone is added before the old one goes."""
    (old, _), (new, app) = dana.enrol_app(name="Old"), dana.enrol_app(name="New")
    verified = dana.verify(Way.TOTP, dana.code_of(app))
    assert (new.id, Way.TOTP, dana.account_id) == (verified.factor_id, verified.way, verified.account_id)
    with dana.service.database.reading() as connection:
        used = {factor.id: factor.last_used_at for factor in list_factors(connection, account_id=dana.account_id)}
    assert used[old.id] != used[new.id] == dana.service.clock()
    assert "ok" == outcome_of(partial(removed, dana, old.id))
    assert ["totp"] == factors_of(dana)


def test_a_seed_is_not_stored_in_the_clear(dana: Person) -> None:
    """Neither as octets nor as text, in the row or in the ephemeral store."""
    _, app = dana.enrol_app()
    with dana.service.database.reading() as connection:
        sealed = connection.execute(select(FACTORS.c.secret)).scalar_one()
    assert app.byte_secret() not in sealed
    assert app.secret.encode() not in sealed


def test_the_same_step_in_parallel_is_accepted_once(dana: Person) -> None:
    """Twenty at once, on connections of their own: one."""
    _, app = dana.enrol_app()
    code = dana.code_of(app)
    outcomes = at_once(20, partial(dana.outcome, Way.TOTP, code))
    assert 1 == outcomes.count("ok")
    assert {"ok", "AnswerUsed", "TooManyGuesses"} >= set(outcomes)


def test_a_right_code_costs_no_guess(dana: Person) -> None:
    """Eleven sign-ins in an hour are no attack."""
    _, app = dana.enrol_app()
    for _ in range(11):
        assert "ok" == dana.outcome(Way.TOTP, dana.code_of(app))
        dana.later(60.0)
    assert 0 == dana.guesses()
    assert 11 == len(dana.events("factor.verified"))
