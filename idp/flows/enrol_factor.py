"""/enrol-factor: add an authenticator app, a passkey or a number for texts; each is proved once before it counts.

Cancelling adds nothing; what was begun goes by itself. What the account pages change about a factor that is there
already stands in `own_factor`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import flask
from markupsafe import Markup

from idp.flows.dispatcher import refuse
from idp.flows.enrol_number import number_acted, number_page
from idp.flows.enrolled import enrolled
from idp.flows.enrolling import PAGE, PATH, Enrolling, enrol_page, enrolled_here, landing
from idp.flows.next_step import UNMET
from idp.flows.own_factor import own_factor_acted, own_factor_shown, shows_own_factor
from idp.flows.parts import Parts
from idp.flows.visit import fail, language_of, sent_fields, visitor_of
from idp.mfa.factors import FactorExists, FactorFacts, TooManyFactors
from idp.mfa.policy import Factor
from idp.mfa.verified import AnswerTooLate, FactorRefused
from idp.web.factor_words import (
    APP_CODE_REFUSED,
    DIGITS_MISSING,
    ENROLMENT_OVER,
    FACTOR_THERE,
    FACTORS_FULL,
    PASSKEY_REFUSED,
)
from idp.web.problems import Problem
from idp.wording import msgid

APP_NAME = msgid("Authenticator app")


def enrol_factor_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /enrol-factor."""
    pages = flask.Blueprint("enrol_factor", __name__)

    @pages.get(PATH)
    def enrol() -> flask.Response:
        if shows_own_factor():
            return own_factor_shown(parts)
        return enrolled_here(parts, lambda it: _shown(parts, it, flask.request.args.get("kind")), posted=False)

    @pages.post(PATH)
    def enrol_sent() -> flask.Response:
        if shows_own_factor():
            return own_factor_acted(parts)
        return enrolled_here(parts, lambda it: _acted(parts, it), posted=True)

    return pages


def _shown(parts: Parts, it: Enrolling, kind: str | None, problems: Sequence[Problem] = ()) -> flask.Response:
    show = _PAGES.get(kind or "")
    if show is None or kind not in it.kinds:
        return _choice(parts, it)
    return show(parts, it, problems)


def _acted(parts: Parts, it: Enrolling) -> flask.Response:
    action = sent_fields().get("action")
    if action == "cancel" and it.journey is not None:
        return refuse(parts, it.journey, error=UNMET, description="The person did not set up what is asked for.")
    kind = sent_fields().get("kind") if action != "passkey" else Factor.PASSKEY.value
    if kind not in it.kinds or action not in {"add", "passkey", "send"}:
        fail("input_invalid", detail="nothing that can be added here")
    if kind == Factor.SMS:
        return number_acted(parts, it, action)
    return _added(parts, it, kind, _passkey_made if kind == Factor.PASSKEY else _app_proved)


def _choice(parts: Parts, it: Enrolling) -> flask.Response:
    kinds = [{"kind": kind, "address": it.address(kind)} for kind in it.kinds]
    return enrol_page(
        parts,
        it,
        PAGE,
        kinds=kinds,
        asked_by_app=it.journey is not None,
        back=None if it.journey else landing(),
        action=it.address(),
    )


def _app_page(parts: Parts, it: Enrolling, problems: Sequence[Problem]) -> flask.Response:
    offer = parts.totp_enrolment.begin(account_id=it.person.account_id, user_id=it.person.user_id, place=it.place)
    return enrol_page(
        parts,
        it,
        "enrol_factor_totp",
        action=it.address(Factor.TOTP),
        qr=Markup(offer.qr_svg),  # noqa: S704 - drawn by ourselves, with nothing of anybody else's in it
        secret=offer.secret,
        uri=offer.uri,
        device_name=_sent_name(),
        problems=problems,
        others=it.address(),
    )


def _passkey_page(parts: Parts, it: Enrolling, problems: Sequence[Problem]) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        options = parts.passkey_enrolment.begin(connection, account_id=it.person.account_id, place=it.place)
    return enrol_page(
        parts,
        it,
        "enrol_factor_passkey",
        passkey_action=it.address(Factor.PASSKEY),
        passkey_options=options,
        passkey_name=_sent_name(),
        problems=problems,
        others=it.address(),
    )


_PAGES: dict[str, Callable[[Parts, Enrolling, Sequence[Problem]], flask.Response]] = {
    Factor.TOTP.value: _app_page,
    Factor.PASSKEY.value: _passkey_page,
    Factor.SMS.value: number_page,
}


def _app_proved(parts: Parts, it: Enrolling) -> FactorFacts:
    translator = parts.wording.translator(language_of(account_locale=it.person.locale))
    return parts.totp_enrolment.finish(
        account_id=it.person.account_id,
        place=it.place,
        answer=sent_fields().get("code", ""),
        name=_sent_name().strip() or translator.gettext(APP_NAME),
        visitor=visitor_of(parts),
    )


def _passkey_made(parts: Parts, it: Enrolling) -> FactorFacts:
    with parts.issuer.database.writing() as connection:
        return parts.passkey_enrolment.finish(
            connection,
            sent_fields().get("passkey", ""),
            account_id=it.person.account_id,
            place=it.place,
            name=_sent_name(),
            visitor=visitor_of(parts),
        )


def _added(parts: Parts, it: Enrolling, kind: str, prove: Callable[[Parts, Enrolling], FactorFacts]) -> flask.Response:
    if kind == Factor.TOTP and not sent_fields().get("code", "").strip():
        return _shown(parts, it, kind, [DIGITS_MISSING])
    try:
        factor = prove(parts, it)
    except AnswerTooLate:
        return _shown(parts, it, kind, [ENROLMENT_OVER if kind == Factor.TOTP else PASSKEY_REFUSED])
    except FactorRefused:
        return _shown(parts, it, kind, [APP_CODE_REFUSED if kind == Factor.TOTP else PASSKEY_REFUSED])
    except FactorExists:
        return _shown(parts, it, kind, [FACTOR_THERE])
    except TooManyFactors:
        return _shown(parts, it, kind, [FACTORS_FULL])
    return enrolled(parts, it, factor)


def _sent_name() -> str:
    return sent_fields().get("name", "") if flask.request.method == "POST" else ""
