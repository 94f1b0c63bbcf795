"""One request to a page: who is there, in which language, and what ends a page that cannot go on."""

from __future__ import annotations

from hashlib import sha256
from typing import NoReturn

import flask

from idp.acts.visitor import Visitor
from idp.flows.built_in import is_built_in
from idp.flows.journey import CookieMissing, Journey, JourneyUnknown
from idp.flows.parts import Parts
from idp.flows.proofs import ProofBroken
from idp.oidc.authorization_request import AuthorizationRequest
from idp.storage.handles import digest
from idp.web.brand import Brand, brand_of
from idp.web.errors import ShownError
from idp.web.form_tokens import BadFormToken
from idp.web.reference import new_reference
from idp.web.same_origin import CrossOrigin, require_same_origin
from idp.wire.forms import Form, MalformedForm, parse_form
from idp.wording import Language, negotiate

SIGN_OUT_PAGE = "sign_out"
"""The page whose forms may sign somebody out: the question itself, and the button on the account page."""


def reference_of() -> str:
    """Give this request's reference number: what the front calls the request, in a form that can be read out."""
    if "reference" not in flask.g:
        request_id = flask.request.environ.get("idp.request_id", "")
        flask.g.reference = new_reference(lambda count: sha256(request_id.encode()).digest()[:count])
    reference: str = flask.g.reference
    return reference


def visitor_of(parts: Parts | None = None) -> Visitor:
    """Describe the browser; with `parts`, also by the cookies under which it is known."""
    environ = flask.request.environ
    return Visitor(
        address="" if environ.get("idp.forwarding_flaw") else environ.get("REMOTE_ADDR", ""),
        user_agent=flask.request.headers.get("User-Agent"),
        reference=reference_of(),
        device_digest=_digest_of(parts, parts.cookies.device_name) if parts else None,
        remembered_digest=_digest_of(parts, parts.cookies.remembered_name) if parts else None,
    )


def language_of(
    request: AuthorizationRequest | None = None,
    *,
    ui_locales: str | None = None,
    account_locale: str | None = None,
) -> Language:
    """Choose the language: what the app asked for, then the person's, then the browser's."""
    asked = request.ui_locales if request else ui_locales
    return negotiate(asked, account_locale, flask.request.headers.get("Accept-Language"))


def fail(key: str, *, status: int = 400, detail: str = "", brand: Brand | None = None) -> NoReturn:
    """End the request with an error page.

    Raises:
        ShownError: always.
    """
    raise ShownError(key=key, reference=reference_of(), status=status, detail=detail, brand=brand)


def current_journey(parts: Parts) -> Journey:
    """Give the journey that this page belongs to, for the browser that began it.

    Raises:
        ShownError: it is over, unknown, or another browser's.
    """
    journey_id = flask.request.args.get("journey", "")
    try:
        handle = parts.cookies.read(flask.request, parts.cookies.journey_name(journey_id))
        return parts.journeys.load(journey_id, handle)
    except (JourneyUnknown, ProofBroken, ValueError) as error:
        no_cookie = isinstance(error, CookieMissing) and "Cookie" not in flask.request.headers
        key = "cookies_off" if no_cookie else "journey_unknown"
        raise ShownError(key=key, reference=reference_of(), status=400, detail=str(error)) from error


def session_digest(parts: Parts) -> bytes | None:
    """Give the digest of the session handle that this browser sent, if it sent one."""
    return _digest_of(parts, parts.cookies.session_name)


def _digest_of(parts: Parts, cookie_name: str) -> bytes | None:
    handle = parts.cookies.read(flask.request, cookie_name)
    return digest(handle) if handle else None


def brand_for(parts: Parts, journey: Journey) -> Brand | None:
    """Describe the app that waits at the end of a journey; None for the issuer's own pages."""
    client = parts.issuer.directory.find(journey.request.client_id)
    if client is None or is_built_in(client):
        return None
    return brand_of(client, return_address=journey.request.redirect_uri)


def form_targets(journey: Journey) -> tuple[str, ...]:
    """Where a form on this journey's pages may end: Chromium checks the redirects that follow a post, too."""
    address = journey.request.redirect_uri
    return () if address.startswith("/") else (address,)


def form_token_for(parts: Parts, page: str, journey: Journey) -> str:
    """Make the form token for a page of a journey, bound to the browser that began it."""
    return parts.form_tokens.issue(page=page, binding=journey.binding.hex(), now=parts.issuer.clock())


def sent_fields() -> Form:
    """Read the fields of a page's form as strictly as a protocol's: text, each once, or nothing at all.

    Raises:
        ShownError: it is no form, or a field stands in it twice.
    """
    if "fields" not in flask.g:
        try:
            fields = parse_form(flask.request.get_data(), flask.request.headers.get("Content-Type"))
            fields.refuse_duplicates()
        except MalformedForm as error:
            fail("input_invalid", detail=str(error))
        flask.g.fields = fields
    kept: Form = flask.g.fields
    return kept


def require_own_form(parts: Parts, page: str, journey: Journey) -> None:
    """Accept a post that this page of this journey made this very browser send.

    Raises:
        ShownError: it came from elsewhere, or the page was open for too long.
    """
    require_own_post(parts, page=page, binding=journey.binding.hex())


def require_own_post(parts: Parts, *, page: str, binding: str) -> None:
    """Accept a post that one of our pages made the browser with this binding send.

    Raises:
        ShownError: it came from elsewhere, or the page was open for too long.
    """
    try:
        require_same_origin(flask.request.headers, origin=parts.issuer.address)
    except CrossOrigin as error:
        fail("form_foreign", status=403, detail=str(error))
    try:
        parts.form_tokens.check(sent_fields().get("form_token"), page=page, binding=binding, now=parts.issuer.clock())
    except BadFormToken as error:
        fail("form_expired", detail=str(error))


def note_refusal(parts: Parts, client_id: str, error: str, check: str) -> None:
    """Leave with the audit trail why a journey did not end as the app wished."""
    parts.issuer.refusals.note_authorization(
        client_id=client_id, error=error, details={"check": check}, reference=reference_of()
    )
