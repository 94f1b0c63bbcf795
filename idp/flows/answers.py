"""Send an answer on its way: a 303 to the app, a page that posts it there, or a 303 to our own page."""

from __future__ import annotations

import flask

from idp.flows.built_in import landing_of
from idp.flows.journey import Journey
from idp.flows.parts import Parts
from idp.flows.visit import language_of
from idp.oidc.authorization_response import AuthorizationResponse, failure
from idp.web.brand import brand_of
from idp.web.form_post import form_post_page


def failure_for(parts: Parts, journey: Journey, error: str, description: str) -> AuthorizationResponse:
    """Make the error answer for the app that waits at the end of a journey."""
    request = journey.request
    return failure(
        issuer=parts.issuer.address,
        redirect_uri=request.redirect_uri,
        response_mode=request.response_mode,
        state=request.state,
        error=error,
        description=description,
    )


def answer_page(parts: Parts, journey: Journey, response: AuthorizationResponse | None) -> flask.Response:
    """Answer whoever waits at the end of a journey; our own pages get no code, and an error ends at "signed out"."""
    landing = landing_of(journey.request)
    if landing is not None:
        return see_other(landing if response is None else "/signed-out")
    if response is None:
        raise RuntimeError("an app's journey ended without an answer")
    return send_answer(parts, response, client_id=journey.request.client_id, ui_locales=journey.request.ui_locales)


def send_answer(
    parts: Parts, response: AuthorizationResponse, *, client_id: str, ui_locales: str | None = None
) -> flask.Response:
    """Send a response to the client's proven address, in the mode that it asked for."""
    if response.response_mode == "query":
        return see_other(response.location)
    client = parts.issuer.directory.find(client_id)
    return form_post_page(
        parts.pages,
        action=response.redirect_uri,
        fields=dict(response.parameters),
        language=language_of(ui_locales=ui_locales),
        brand=brand_of(client, return_address=response.redirect_uri) if client else None,
    )


def see_other(location: str) -> flask.Response:
    """Answer 303, so that no form is ever sent on (RFC 9700 §4.12), and leave nothing in any cache."""
    response = flask.Response(status=303)
    response.headers["Location"] = location
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
