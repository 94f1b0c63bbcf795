"""/authorize: where an app sends people; the request is checked, becomes a journey, and goes to the dispatcher.

A request by POST from the app's site is checked, kept and answered by a 303 to GET, so that cookies with SameSite=Lax
arrive. Errors are shown here while client and address are unproven, and sent to the proven address afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

import flask

from idp.flows.answers import send_answer
from idp.flows.dispatcher import proceed
from idp.flows.parts import Parts
from idp.flows.posted import NothingPosted, asked_form, keep_for_get, sent_form
from idp.flows.visit import fail, reference_of
from idp.oidc.authorization_errors import AuthorizationRefused
from idp.oidc.authorization_errors import ShownError as ShownRefusal
from idp.oidc.authorization_request import (
    AuthorizationRequest,
    RedirectedAuthorizationError,
    parse_authorization_request,
)
from idp.oidc.authorization_response import failure
from idp.web.errors import Explanation, ShownError
from idp.wire.forms import Form, MalformedForm

PAGE = "/authorize"
_KEYS = {"client_id": "client_unknown", "redirect_uri registered to the letter": "redirect_uri_unregistered"}


def authorize_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /authorize."""
    pages = flask.Blueprint("authorize", __name__)

    @pages.get(PAGE)
    def authorize() -> flask.Response:
        try:
            form = asked_form(parts, PAGE)
        except MalformedForm as error:
            fail("request_invalid", detail=str(error))
        except NothingPosted:
            fail("journey_unknown", detail="no posted request is held under this handle")
        return _answered(parts, form, lambda request: _begin(parts, request))

    @pages.post(PAGE)
    def authorize_posted() -> flask.Response:
        try:
            form = sent_form()
        except MalformedForm as error:
            fail("request_invalid", detail=str(error))
        # Only what would be served is kept: nobody fills the store with anything else.
        return _answered(parts, form, lambda _: keep_for_get(parts, PAGE))

    return pages


def _answered(parts: Parts, form: Form, go_on: Callable[[AuthorizationRequest], flask.Response]) -> flask.Response:
    try:
        request = parse_authorization_request(parts.issuer, form)
    except ShownRefusal as error:
        _note(parts, error)
        raise _shown(error) from error
    except RedirectedAuthorizationError as error:
        _note(parts, error.refusal)
        return _redirected(parts, error)
    return go_on(request)


def _begin(parts: Parts, request: AuthorizationRequest) -> flask.Response:
    journey, handle = parts.journeys.begin(request)
    response = proceed(parts, journey)
    if response.headers.get("Location", "").endswith(f"journey={journey.id}"):
        seconds = int(parts.issuer.lifetimes.journey)
        parts.cookies.set(response, parts.cookies.journey_name(journey.id), handle, max_age=seconds)
    return response


def _redirected(parts: Parts, error: RedirectedAuthorizationError) -> flask.Response:
    address = error.address
    response = failure(
        issuer=parts.issuer.address,
        redirect_uri=address.redirect_uri,
        response_mode=address.response_mode,
        state=address.state,
        error=error.refusal.error,
        description=error.refusal.description,
    )
    return send_answer(parts, response, client_id=address.client.client_id)


def _shown(error: ShownRefusal) -> ShownError:
    explanation = error.explanation
    return ShownError(
        key=_KEYS.get(explanation.check, "client_unknown"),
        reference=reference_of(),
        status=error.status,
        detail=error.detail,
        explanation=Explanation(
            check=explanation.check, sent=explanation.sent, registered=explanation.registered.split()
        ),
    )


def _note(parts: Parts, error: AuthorizationRefused) -> None:
    explanation = error.explanation
    parts.issuer.refusals.note_authorization(
        client_id=error.client_id or None,
        error=error.error,
        details={
            "check": explanation.check,
            "sent": explanation.sent,
            "registered": explanation.registered,
            "description": error.description,
        },
        reference=reference_of(),
    )
