"""/verify-factor: the second factor that a journey waits for, in one of the ways that the account has.

A right answer is used up, proved and answered in one transaction. Whoever sees this page has proved a password or is
signed in: it tells nothing about anybody else's account.
"""

from __future__ import annotations

from collections.abc import Callable

import flask
from sqlalchemy import Connection

from idp.acts.verify_passkey import PasskeyCheck
from idp.flows.answers import see_other
from idp.flows.dispatcher import proceed, refuse, who_is_present
from idp.flows.factor_due import RECOVERY_CODE, FactorDue, factor_due
from idp.flows.factor_page import PAGE, PATH, factor_page, ways_page
from idp.flows.factor_use import FactorUse
from idp.flows.journey import Journey
from idp.flows.next_step import UNMET
from idp.flows.parts import Parts
from idp.flows.visit import current_journey, fail, language_of, require_own_form, sent_fields, visitor_of
from idp.lockout.reservation import TooManyGuesses
from idp.mfa.passkey_challenge import Purpose
from idp.mfa.policy import Factor, Way
from idp.mfa.verified import FactorRefused, NoSuchFactor, Verified
from idp.web.factor_words import (
    DIGITS_MISSING,
    RECOVERY_CODE_MISSING,
    REFUSED,
    WAY_MISSING,
    factor_codes_paused_until,
    texts_paused_until,
)
from idp.wording import Language


def verify_factor_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /verify-factor."""
    pages = flask.Blueprint("verify_factor", __name__)

    @pages.get(PATH)
    def verify() -> flask.Response:
        journey = current_journey(parts)
        due = _due(parts, journey)
        if due is None:
            return proceed(parts, journey)
        return factor_page(parts, journey, due, way=flask.request.args.get("way"))

    @pages.get(f"{PATH}/ways")
    def ways() -> flask.Response:
        journey = current_journey(parts)
        due = _due(parts, journey)
        return proceed(parts, journey) if due is None else ways_page(parts, journey, due)

    @pages.post(PATH)
    def verify_sent() -> flask.Response:
        journey = current_journey(parts)
        require_own_form(parts, PAGE, journey)
        due = _due(parts, journey)
        return proceed(parts, journey) if due is None else _acted(parts, journey, due)

    return pages


def _due(parts: Parts, journey: Journey) -> FactorDue | None:
    with parts.issuer.database.reading() as connection:
        person = who_is_present(parts, connection, journey, hold=False).person
        return factor_due(parts, connection, journey, person)


def _acted(parts: Parts, journey: Journey, due: FactorDue) -> flask.Response:
    action, way = sent_fields().get("action"), sent_fields().get("way", "")
    if action == "cancel":
        error = UNMET if due.asked_by_app else "access_denied"
        return refuse(parts, journey, error=error, description="The person cancelled.")
    if action not in {"verify", "send"}:
        fail("input_invalid", detail="neither verify nor send nor cancel")
    if way not in due.ways:
        return factor_page(parts, journey, due, way=None, problems=[WAY_MISSING])
    if action == "send":
        return _send(parts, journey, due)
    return _by_passkey(parts, journey, due) if way == Factor.PASSKEY else _by_code(parts, journey, due, way)


def _by_code(parts: Parts, journey: Journey, due: FactorDue, way: str) -> flask.Response:
    answer = sent_fields().get("code", "")
    if not answer.strip():
        missing = RECOVERY_CODE_MISSING if way == RECOVERY_CODE else DIGITS_MISSING
        return factor_page(parts, journey, due, way=way, problems=[missing])
    use = FactorUse(parts, journey, account_id=due.person.account_id, way=way)
    try:
        with use.taking():
            parts.factors.verify(
                account_id=due.person.account_id,
                way=Way(way),
                answer=answer,
                place=f"journey:{journey.id}",
                visitor=visitor_of(parts),
                then=use,
            )
    except TooManyGuesses as error:
        paused = factor_codes_paused_until(parts.wording.translator(_language(journey, due)), error.ends_at)
        return factor_page(parts, journey, due, way=way, problems=[paused], status=429)
    except FactorRefused:
        return factor_page(parts, journey, due, way=way, problems=[REFUSED[way]])
    return use.response()


def _by_passkey(parts: Parts, journey: Journey, due: FactorDue) -> flask.Response:
    account_id, visitor = due.person.account_id, visitor_of(parts)
    try:
        check = parts.passkeys.check_second_factor(
            sent_fields().get("passkey", ""),
            account_id=account_id,
            place=f"journey:{journey.id}",
            client_id=journey.request.client_id,
            visitor=visitor,
        )
    except FactorRefused:
        return factor_page(parts, journey, due, way=Factor.PASSKEY, problems=[REFUSED[Way.PASSKEY]])
    use = FactorUse(parts, journey, account_id=account_id, way=Factor.PASSKEY)
    try:
        return use.remembered(proceed(parts, journey, use.effect(_used(parts, journey, check))))
    except FactorRefused as error:
        parts.passkeys.note_refused(
            error,
            purpose=Purpose.SECOND_FACTOR,
            account_id=account_id,
            client_id=journey.request.client_id,
            visitor=visitor,
        )
        return factor_page(parts, journey, due, way=Factor.PASSKEY, problems=[REFUSED[Way.PASSKEY]])


def _send(parts: Parts, journey: Journey, due: FactorDue) -> flask.Response:
    language = _language(journey, due)
    try:
        parts.text_desk.text_owner(
            account_id=due.person.account_id,
            place=f"journey:{journey.id}",
            language=language,
            visitor=visitor_of(parts),
        )
    except TooManyGuesses as error:
        now = parts.issuer.clock()
        paused = texts_paused_until(parts.wording.translator(language), error.ends_at, now=now)
        return factor_page(parts, journey, due, way=Factor.SMS, problems=[paused], status=429)
    except NoSuchFactor:
        return factor_page(parts, journey, due, way=None, problems=[WAY_MISSING])
    return see_other(f"{PATH}?journey={journey.id}&way={Factor.SMS.value}")


def _used(parts: Parts, journey: Journey, check: PasskeyCheck) -> Callable[[Connection], Verified]:
    def used(connection: Connection) -> Verified:
        return parts.passkeys.record(connection, check, client_id=journey.request.client_id, visitor=visitor_of(parts))

    return used


def _language(journey: Journey, due: FactorDue) -> Language:
    return language_of(journey.request, account_locale=due.person.locale)
