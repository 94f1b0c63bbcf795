"""/sign-in: user ID and password. Ends by returning to the dispatcher, in the transaction that records the success."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import flask
from sqlalchemy import Connection

from idp.acts.standing import Standing
from idp.acts.verify_password import PasswordCheck
from idp.flows.answers import see_other
from idp.flows.dispatcher import Effect, Present, proceed, refuse, who_is_present
from idp.flows.journey import Journey
from idp.flows.parts import Parts
from idp.flows.proofs import Proved
from idp.flows.visit import (
    brand_for,
    current_journey,
    form_targets,
    form_token_for,
    language_of,
    reference_of,
    require_own_form,
    sent_fields,
    session_digest,
    visitor_of,
)
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import GuessesStopped, GuessTooSoon, TooManyGuesses, WorkDue
from idp.passwords.gate import HashingBusy
from idp.passwords.hasher import WrongPassword
from idp.storage.database import StorageUnavailable
from idp.web.errors import ShownError
from idp.web.problems import (
    BUSY,
    PASSKEY_REFUSED,
    PASSWORD_MISSING,
    SIGN_IN_FAILED,
    USER_ID_MISSING,
    Problem,
    place_paused_until,
    too_soon,
)

PAGE = "sign_in"
LOCKED_PAGE = "locked"


def sign_in_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /sign-in."""
    pages = flask.Blueprint("sign_in", __name__)

    @pages.get("/sign-in")
    def sign_in() -> flask.Response:
        if "journey" not in flask.request.args:
            # A bookmark of this page leads to the account, not to an error.
            return see_other("/account")
        journey = current_journey(parts)
        problems = [PASSKEY_REFUSED] if "passkey" in flask.request.args else []
        return _page(parts, journey, typed=journey.request.login_hint or "", problems=problems)

    @pages.post("/sign-in")
    def sign_in_sent() -> flask.Response:
        journey = current_journey(parts)
        require_own_form(parts, PAGE, journey)
        if sent_fields().get("action") == "cancel":
            return refuse(parts, journey, error="access_denied", description="The person cancelled.")
        return _sign_in(parts, replace(journey, shared_device="shared_device" in sent_fields()))

    return pages


def _sign_in(parts: Parts, journey: Journey) -> flask.Response:
    typed, password = sent_fields().get("user_id", ""), sent_fields().get("password", "")
    missing = [problem for problem, value in ((USER_ID_MISSING, typed), (PASSWORD_MISSING, password)) if not value]
    if missing:
        return _page(parts, journey, typed=typed, problems=missing)
    try:
        check = parts.passwords.check(
            typed=typed,
            password=password,
            client_id=journey.request.client_id,
            visitor=visitor_of(parts),
            journey_id=journey.id,
        )
        return _proceed(parts, journey, check)
    except WrongPassword:
        return _page(parts, journey, typed=typed, problems=[SIGN_IN_FAILED])
    except WorkDue:
        return see_other(f"/slow-down?journey={journey.id}")
    except TooManyGuesses as error:
        return _refused(parts, journey, typed, error)
    except HashingBusy as error:
        response = _page(parts, journey, typed=typed, problems=[BUSY], status=503)
        response.headers["Retry-After"] = str(error.retry_after)
        return response


def _refused(parts: Parts, journey: Journey, typed: str, error: TooManyGuesses) -> flask.Response:
    """Say why a guess was not checked, alike for every name that can be typed, and when to come back."""
    seconds = max(1, math.ceil(error.ends_at - parts.issuer.clock()))
    if isinstance(error, GuessTooSoon):
        response = _page(parts, journey, typed=typed, problems=[too_soon(seconds)], status=429)
    elif error.kind is GuessKind.IDENTIFIER:
        response = _locked_page(parts, journey, until=None if isinstance(error, GuessesStopped) else error.ends_at)
    else:
        translator = parts.wording.translator(language_of(journey.request))
        problems = [place_paused_until(translator, error.ends_at)]
        response = _page(parts, journey, typed=typed, problems=problems, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _locked_page(parts: Parts, journey: Journey, *, until: float | None) -> flask.Response:
    language = language_of(journey.request)
    return parts.pages.render(
        LOCKED_PAGE,
        language=language,
        status=429,
        brand=brand_for(parts, journey),
        until=None if until is None else parts.wording.translator(language).time(until),
        sign_in=f"/sign-in?journey={journey.id}",
        recover=f"/recover?journey={journey.id}",
        reference=reference_of(),
    )


def _proceed(parts: Parts, journey: Journey, check: PasswordCheck) -> flask.Response:
    try:
        return proceed(parts, journey, _success(parts, check))
    except (ShownError, StorageUnavailable):
        with suppress(StorageUnavailable):
            parts.passwords.leave_unused(check)
        raise


def _success(parts: Parts, check: PasswordCheck) -> Effect:
    """Record the success and prove the step."""

    def effect(connection: Connection, journey: Journey) -> tuple[Journey, Present]:
        visitor = visitor_of(parts)
        signed_in = parts.passwords.record(connection, check, client_id=journey.request.client_id, visitor=visitor)
        proof = parts.prover.prove(
            Proved.PASSWORD, journey_id=journey.id, account_id=check.account_id, at=check.checked_at
        )
        proved = journey.with_proof(proof)
        if session_digest(parts) is not None:
            return proved, who_is_present(parts, connection, proved, hold=True)
        person = Standing(
            account_id=signed_in.account_id,
            user_id=check.user_id,
            kind=signed_in.kind,
            status=signed_in.status,
            not_before=signed_in.not_before,
            reset_due=signed_in.must_change or signed_in.compromised_at is not None,
            compromised=signed_in.compromised_at is not None,
            locked_down=signed_in.locked_down_at is not None,
            factors=signed_in.factors,
            remembered=signed_in.remembered,
            permissions=signed_in.permissions,
            consented=signed_in.consented_scopes,
        )
        return proved, Present(person=person)

    return effect


def _page(
    parts: Parts, journey: Journey, *, typed: str, problems: Sequence[Problem] = (), status: int = 200
) -> flask.Response:
    return parts.pages.render(
        PAGE,
        language=language_of(journey.request),
        status=status,
        form_targets=form_targets(journey),
        brand=brand_for(parts, journey),
        action=f"/sign-in?journey={journey.id}",
        form_token=form_token_for(parts, PAGE, journey),
        passkey_action=f"/sign-in/passkey?journey={journey.id}",
        passkey_options=parts.passkeys.sign_in_options(place=f"journey:{journey.id}"),
        user_id=typed,
        recover=f"/recover?journey={journey.id}",
        problems=problems,
        cancellable=bool(form_targets(journey)),
        shared_device=journey.shared_device,
    )
