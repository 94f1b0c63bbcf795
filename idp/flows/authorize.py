"""/authorize: where an app sends people; the request is checked, becomes a journey, and goes to the dispatcher.

A request by POST from the app's site is stored and answered by a 303 to GET, so that cookies with SameSite=Lax arrive.
Errors are shown here while client and address are unproven, and sent to the proven address afterwards.
"""

from __future__ import annotations

import flask

from idp.flows.answers import see_other, send_answer
from idp.flows.dispatcher import proceed
from idp.flows.journey import MAX_HANDLE
from idp.flows.parts import Parts
from idp.flows.visit import fail, reference_of
from idp.oidc.authorization_errors import AuthorizationRefused
from idp.oidc.authorization_errors import ShownError as ShownRefusal
from idp.oidc.authorization_request import RedirectedAuthorizationError, parse_authorization_request
from idp.oidc.authorization_response import failure
from idp.storage.handles import new_handle
from idp.web.errors import Explanation, ShownError
from idp.wire.forms import Form, MalformedForm, parse_form, parse_query

POSTED_SECONDS = 120.0
_KEYS = {"client_id": "client_unknown", "redirect_uri registered to the letter": "redirect_uri_unregistered"}


def authorize_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /authorize."""
    pages = flask.Blueprint("authorize", __name__)

    @pages.get("/authorize")
    def authorize() -> flask.Response:
        return _begin(parts, _form(parts))

    @pages.post("/authorize")
    def authorize_posted() -> flask.Response:
        return _hold(parts)

    return pages


def _form(parts: Parts) -> Form:
    try:
        form = parse_query(flask.request.query_string.decode("latin-1"))
        if held := form.get("posted"):
            return _held(parts, held)
    except MalformedForm as error:
        fail("request_invalid", detail=str(error))
    return form


def _hold(parts: Parts) -> flask.Response:
    """Keep a posted request for the GET that follows."""
    body = flask.request.get_data()
    try:
        parse_form(body, flask.request.headers.get("Content-Type"))
    except MalformedForm as error:
        fail("request_invalid", detail=str(error))
    handle = new_handle(parts.issuer.entropy)
    parts.store.put(f"posted:{handle}", body, seconds=POSTED_SECONDS)
    return see_other(f"/authorize?posted={handle}")


def _held(parts: Parts, handle: str) -> Form:
    body = parts.store.get(f"posted:{handle}") if len(handle) <= MAX_HANDLE else None
    if body is None:
        fail("journey_unknown", detail="no posted request is held under this handle")
    return parse_form(body, "application/x-www-form-urlencoded")


def _begin(parts: Parts, form: Form) -> flask.Response:
    try:
        request = parse_authorization_request(parts.issuer, form)
    except ShownRefusal as error:
        _note(parts, error)
        raise _shown(error) from error
    except RedirectedAuthorizationError as error:
        _note(parts, error.refusal)
        return _redirected(parts, error)
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
