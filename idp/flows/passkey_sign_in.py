"""/sign-in/passkey: where the sign-in page posts a passkey that says by itself who signs in.

The form token is the sign-in page's, on which the button stands. Whatever is wrong, the way back is that page with one
sentence: a passkey unknown here, one of a disabled account and a wrong signature look alike.
"""

from __future__ import annotations

import flask
from sqlalchemy import Connection

from idp.acts.verify_passkey import PasskeyCheck
from idp.flows.answers import see_other
from idp.flows.dispatcher import Effect, Present, proceed, who_is_present
from idp.flows.journey import Journey
from idp.flows.parts import Parts
from idp.flows.proofs import Proved, by_factor
from idp.flows.visit import current_journey, require_own_form, sent_fields, visitor_of
from idp.mfa.passkey_challenge import Purpose
from idp.mfa.verified import FactorRefused

PAGE = "sign_in"


def passkey_sign_in_pages(parts: Parts) -> flask.Blueprint:
    """Give what answers the passkey button of the sign-in page."""
    pages = flask.Blueprint("passkey_sign_in", __name__)

    @pages.post("/sign-in/passkey")
    def passkey_sent() -> flask.Response:
        journey = current_journey(parts)
        require_own_form(parts, PAGE, journey)
        return _sign_in(parts, journey, sent_fields().get("passkey", ""))

    return pages


def _sign_in(parts: Parts, journey: Journey, answer: str) -> flask.Response:
    client_id, visitor = journey.request.client_id, visitor_of(parts)
    try:
        check = parts.passkeys.check_sign_in(
            answer, place=f"journey:{journey.id}", client_id=client_id, visitor=visitor
        )
    except FactorRefused:
        return _again(journey)
    try:
        return proceed(parts, journey, _success(parts, check))
    except FactorRefused as error:
        parts.passkeys.note_refused(
            error, purpose=Purpose.SIGN_IN, account_id=check.account_id, client_id=client_id, visitor=visitor
        )
        return _again(journey)


def _again(journey: Journey) -> flask.Response:
    return see_other(f"/sign-in?journey={journey.id}&passkey=refused")


def _success(parts: Parts, check: PasskeyCheck) -> Effect:
    """Use the signature up and prove the step."""

    def effect(connection: Connection, journey: Journey) -> tuple[Journey, Present]:
        verified = parts.passkeys.record(
            connection, check, client_id=journey.request.client_id, visitor=visitor_of(parts)
        )
        proof = parts.prover.prove(
            Proved.PASSKEY,
            journey_id=journey.id,
            account_id=verified.account_id,
            at=check.checked_at,
            detail=by_factor(verified.way, verified.factor_id),
        )
        proved = journey.with_proof(proof)
        return proved, who_is_present(parts, connection, proved, hold=True)

    return effect
