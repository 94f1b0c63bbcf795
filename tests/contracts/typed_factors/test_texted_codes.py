"""Codes by text, on SQLite and PostgreSQL: for whom they count, for how long, and that they may be switched off."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from idp.mfa.factors import FactorExists
from idp.mfa.models import TEXTED_CODES
from idp.mfa.phone_numbers import UnusableNumber
from idp.mfa.policy import Factor, Way
from idp.mfa.verified import AnswerUsed, WrongAnswer
from idp.storage.handles import digest
from tests.support.clock import SettableClock
from tests.support.in_process import add_person, issuer_on
from tests.support.typed_factors import NUMBER, OTHER_NUMBER, Person, factors_of, outcome_of, texted_code, texts, wrong


def test_a_number_counts_once_its_code_was_typed(dana: Person) -> None:
    """The text says what its code does, and lets the telephone offer it on our page alone."""
    sent = dana.text_new()
    assert ("+49 \u2022\u2022\u2022 78", dana.service.clock() + 30.0) == (sent.number, sent.again_at)
    assert [] == factors_of(dana)
    code = texted_code(dana.service)
    assert (
        f"{code} adds this number to your account at Example Motor Finance. Good for 10 minutes. Give it to nobody,"
        f" whoever asks.\n\n@id.example.com #{code}\n"
    ) == texts(dana.service)[0]
    assert len(texts(dana.service)[0].strip()) <= 160
    with pytest.raises(WrongAnswer):
        dana.finish_number(wrong(code))
    factor = dana.finish_number(code)
    assert (Factor.SMS, NUMBER) == (factor.kind, factor.phone_number)
    assert NUMBER not in repr(factor)
    with pytest.raises(AnswerUsed):
        dana.finish_number(code)
    dana.later(31.0)
    with pytest.raises(FactorExists):
        dana.text_new("+49 151 12345678")


def test_a_code_by_text_signs_in_once(dana: Person) -> None:
    """It goes to the factor's own number, and its ten minutes begin when it is sent."""
    dana.add_number()
    dana.text()
    dana.later(300.0)
    code = texted_code(dana.service)
    dana.later(599.0)
    assert "ok" == dana.outcome(Way.SMS, code)
    assert "AnswerUsed" == dana.outcome(Way.SMS, code)


def test_a_code_by_text_is_over_after_ten_minutes(dana: Person) -> None:
    """ASVS 6.5.5."""
    dana.add_number()
    dana.text()
    code = texted_code(dana.service)
    dana.later(601.0)
    assert "AnswerTooLate" == dana.outcome(Way.SMS, code)


def test_a_text_that_nobody_waits_for_is_not_sent(dana: Person) -> None:
    """The worker finds a newer question, a disabled account, or nobody."""
    dana.add_number()
    before = len(texts(dana.service))
    dana.text()
    dana.later(31.0)
    dana.text()
    assert 1 == len(texts(dana.service)) - before


def test_a_code_by_text_is_stored_as_a_keyed_hash(dana: Person) -> None:
    """ASVS 6.5.2: six digits would be found behind a plain hash in no time."""
    dana.text_new()
    code = texted_code(dana.service)
    with dana.service.database.reading() as connection:
        row = connection.execute(select(TEXTED_CODES)).one()
    assert 32 == len(row.tag)
    assert row.tag not in {digest(code), digest(f"{dana.account_id}{code}")}
    assert code not in repr(tuple(row))


def test_texts_that_are_switched_off_are_neither_sent_nor_taken(
    database_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    """The setting hides and refuses them, whatever was enrolled while it was on."""
    options: dict[str, Any] = {"clock": clock, "signing_algs": ("ES256",), "mail_folder": tmp_path / "mail"}
    with issuer_on(database_url, tmp_path, sms=True, **options) as on:
        dana = Person(on, add_person(on))
        dana.add_number()
        dana.text()
        code = texted_code(on)
    with issuer_on(database_url, tmp_path, keys=False, **options) as off:
        dana = Person(off, dana.account_id)
        assert "NoSuchFactor" == dana.outcome(Way.SMS, code)
        assert "NoSuchFactor" == outcome_of(dana.text)
        assert "NoSuchFactor" == outcome_of(partial(dana.text_new, OTHER_NUMBER))
        assert "NoSuchFactor" == outcome_of(partial(dana.finish_number, code))


def test_a_country_that_is_not_served_any_more(database_url: str, tmp_path: Path, clock: SettableClock) -> None:
    """What was enrolled there stays, and gets no texts."""
    options: dict[str, Any] = {
        "clock": clock,
        "signing_algs": ("ES256",),
        "mail_folder": tmp_path / "mail",
        "sms": True,
    }
    with issuer_on(database_url, tmp_path, **options) as before:
        dana = Person(before, add_person(before))
        dana.add_number()
    with issuer_on(database_url, tmp_path, keys=False, sms_regions=("GB",), **options) as after:
        dana = Person(after, dana.account_id)
        assert "NoSuchFactor" == outcome_of(dana.text)
        with pytest.raises(UnusableNumber):
            dana.text_new(OTHER_NUMBER)
