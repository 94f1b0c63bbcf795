"""The part of /enrol-factor for codes by text: a number, then the code that it was sent.

The code adds the number that it went to: a number that comes with the code is not looked at (T26).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import flask

from idp.flows.answers import see_other
from idp.flows.enrolled import enrolled
from idp.flows.enrolling import Enrolling, enrol_page
from idp.flows.parts import Parts
from idp.flows.visit import language_of, sent_fields, visitor_of
from idp.lockout.policy import BUDGETS, GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.mfa.factors import FactorExists, FactorFacts, TooManyFactors
from idp.mfa.phone_numbers import UnusableNumber, masked_number
from idp.mfa.policy import Factor
from idp.mfa.texted_codes import TextedCode, find_text
from idp.mfa.verified import FactorRefused, NoSuchFactor
from idp.web.factor_words import (
    DIGITS_MISSING,
    FACTOR_THERE,
    FACTORS_FULL,
    TEXTED_CODE_REFUSED,
    WAY_MISSING,
    factor_codes_paused_until,
    number_refused,
    texts_paused_until,
)
from idp.web.problems import Problem
from idp.wording import Language, msgid

PHONE_NAME = msgid("Mobile phone")


def number_page(parts: Parts, it: Enrolling, problems: Sequence[Problem] = (), *, status: int = 200) -> flask.Response:
    """Ask for a number, or, once a text was asked for here, for its code."""
    now, sent = parts.issuer.clock(), _sent(parts, it)
    again = sent.created_at + BUDGETS[GuessKind.SEND_AGAIN].seconds - now if sent else 0.0
    return enrol_page(
        parts,
        it,
        "enrol_factor_sms",
        status=status,
        action=it.address(Factor.SMS),
        phone=masked_number(sent.phone_number) if sent else _typed(),
        texted=sent is not None,
        again_in=max(0, math.ceil(again)),
        problems=problems,
        others=it.address(),
        other_number=f"{it.address(Factor.SMS)}&number=other",
    )


def number_acted(parts: Parts, it: Enrolling, action: str | None) -> flask.Response:
    """Send the text, or add the number that it went to."""
    return _send(parts, it) if action == "send" else _add(parts, it)


def _send(parts: Parts, it: Enrolling) -> flask.Response:
    language, sent = _language(it), _sent(parts, it)
    try:
        parts.text_desk.text_new_number(
            account_id=it.person.account_id,
            typed=sent.phone_number if sent else _typed(),
            place=it.place,
            language=language,
            visitor=visitor_of(parts),
        )
    except UnusableNumber as error:
        return number_page(parts, it, [number_refused(error.fault)])
    except FactorExists:
        return number_page(parts, it, [FACTOR_THERE])
    except NoSuchFactor:
        return number_page(parts, it, [WAY_MISSING])
    except TooManyGuesses as error:
        translator = parts.wording.translator(language)
        paused = texts_paused_until(translator, error.ends_at, now=parts.issuer.clock())
        return number_page(parts, it, [paused], status=429)
    return see_other(it.address(Factor.SMS))


def _add(parts: Parts, it: Enrolling) -> flask.Response:
    if not sent_fields().get("code", "").strip():
        return number_page(parts, it, [DIGITS_MISSING])
    try:
        factor = _finished(parts, it)
    except TooManyGuesses as error:
        paused = factor_codes_paused_until(parts.wording.translator(_language(it)), error.ends_at)
        return number_page(parts, it, [paused], status=429)
    except FactorRefused:
        return number_page(parts, it, [TEXTED_CODE_REFUSED])
    except FactorExists:
        return number_page(parts, it, [FACTOR_THERE])
    except TooManyFactors:
        return number_page(parts, it, [FACTORS_FULL])
    return enrolled(parts, it, factor)


def _finished(parts: Parts, it: Enrolling) -> FactorFacts:
    return parts.sms_enrolment.finish(
        account_id=it.person.account_id,
        place=it.place,
        answer=sent_fields().get("code", ""),
        name=parts.wording.translator(_language(it)).gettext(PHONE_NAME),
        visitor=visitor_of(parts),
    )


def _sent(parts: Parts, it: Enrolling) -> TextedCode | None:
    """Give the text that was asked for here, unless another number is wanted."""
    if flask.request.args.get("number") == "other" or _typed():
        return None
    with parts.issuer.database.reading() as connection:
        text = find_text(connection, account_id=it.person.account_id, place=it.place)
    over = text is None or text.spent_at is not None or text.expires_at <= parts.issuer.clock()
    return None if over or text is None or text.factor_id is not None else text


def _typed() -> str:
    return sent_fields().get("phone", "") if flask.request.method == "POST" else ""


def _language(it: Enrolling) -> Language:
    return language_of(it.journey.request if it.journey else None, account_locale=it.person.locale)
