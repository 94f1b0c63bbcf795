"""Requests that an app's page posted here: kept for a moment, and answered by a 303 to GET.

A post from another site brings no cookie with SameSite=Lax, so that whoever is signed in would look like nobody. What
is kept is a request and no credential: whoever follows its handle begins a journey, or a sign-out, of their own
browser.
"""

from __future__ import annotations

from typing import Final

import flask

from idp.flows.answers import see_other
from idp.flows.journey import MAX_HANDLE
from idp.flows.parts import Parts
from idp.storage.handles import new_handle
from idp.wire.forms import Form, MalformedForm, parse_form, parse_query
from idp.wire.gate import MAX_QUERY

POSTED_SECONDS: Final = 120.0
_FORM_TYPE: Final = "application/x-www-form-urlencoded"


class NothingPosted(LookupError):
    """No posted request is kept under this handle (any longer)."""


def sent_form() -> Form:
    """Read what came with the form of this very request; no longer than it could be in a query.

    Raises:
        MalformedForm: not a form, or too long.
    """
    body = flask.request.get_data()
    if len(body) > MAX_QUERY:
        raise MalformedForm("The form is too large.")
    return parse_form(body, flask.request.headers.get("Content-Type"))


def asked_form(parts: Parts, page: str) -> Form:
    """Read the query of this GET, or the form that was posted to this page before.

    Raises:
        MalformedForm: the query is not one.
        NothingPosted: the handle in it leads to nothing.
    """
    query = parse_query(flask.request.query_string.decode("latin-1"))
    handle = query.get("posted")
    if handle is None:
        return query
    body = parts.store.get(_key(page, handle)) if len(handle) <= MAX_HANDLE else None
    if body is None:
        raise NothingPosted
    return parse_form(body, _FORM_TYPE)


def keep_for_get(parts: Parts, page: str) -> flask.Response:
    """Keep this request's form, and send the browser to fetch the page with it."""
    handle = new_handle(parts.issuer.entropy)
    parts.store.put(_key(page, handle), flask.request.get_data(), seconds=POSTED_SECONDS)
    return see_other(f"{page}?posted={handle}")


def _key(page: str, handle: str) -> str:
    return f"posted:{page}:{handle}"
