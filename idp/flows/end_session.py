"""/end-session and /signed-out: leaving, asked for by an app or by the person (RP-Initiated Logout 1.0).

With a good hint for the very session of this browser the person is signed out at once; in all other cases a page asks
first, so that nobody can be signed out by a link (§6). Whatever is doubtful ends on our own page, never with a
redirect.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import flask

from idp.acts.sign_out import sign_out
from idp.acts.standing import Standing, standing_of_session
from idp.flows.answers import see_other
from idp.flows.built_in import ACCOUNT
from idp.flows.parts import Parts
from idp.flows.posted import NothingPosted, asked_form, keep_for_get, sent_form
from idp.flows.visit import SIGN_OUT_PAGE, fail, language_of, require_own_post, session_digest, visitor_of
from idp.oidc.end_session import LogoutRequest
from idp.web.brand import Brand, brand_of
from idp.web.errors import WayBack
from idp.wire.forms import Form, MalformedForm

PAGE = "/end-session"
NOBODY = "nobody"


def end_session_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /end-session and /signed-out."""
    pages = flask.Blueprint("end_session", __name__)

    @pages.get(PAGE)
    def end_session() -> flask.Response:
        return _asked(parts, _form(lambda: asked_form(parts, PAGE)))

    @pages.post(PAGE)
    def end_session_posted() -> flask.Response:
        form = _form(sent_form)
        if "form_token" in form:
            return _answered(parts, form)
        if session_digest(parts) is None:
            # An app's page posted this: its cookies come with a GET only, and nobody may be told that they have left
            # while they have not.
            return keep_for_get(parts, PAGE)
        return _asked(parts, form)

    @pages.get("/signed-out")
    def signed_out() -> flask.Response:
        return parts.pages.render("signed_out", language=language_of(), way_back=None)

    return pages


def _form(read: Callable[[], Form]) -> Form:
    try:
        return read()
    except (MalformedForm, NothingPosted) as error:
        fail("sign_out_invalid", detail=str(error))


def _signed_in(parts: Parts) -> Standing | None:
    handle_digest = session_digest(parts)
    if handle_digest is None:
        return None
    with parts.issuer.database.reading() as connection:
        return standing_of_session(
            connection, handle_digest=handle_digest, client_id=ACCOUNT.client_id, now=parts.issuer.clock()
        )


def _asked(parts: Parts, form: Form) -> flask.Response:
    request = parts.end_session.read(form)
    person = _signed_in(parts)
    if person is None and not request.doubtful:
        return _left(parts, request)
    same_session = bool(
        person and person.session and request.sub == person.account_id and request.sid == person.session.sid
    )
    if person is not None and same_session and not request.doubtful:
        return _end(parts, person, request)
    return _question(parts, request, person, kept={} if request.doubtful else _kept(form))


def _question(parts: Parts, request: LogoutRequest, person: Standing | None, *, kept: dict[str, str]) -> flask.Response:
    """Ask; what the answer needs travels in the form (`kept`), and is checked anew when it comes back."""
    return parts.pages.render(
        SIGN_OUT_PAGE,
        language=language_of(ui_locales=request.ui_locales, account_locale=person.locale if person else None),
        form_targets=(request.post_logout_redirect_uri,) if request.post_logout_redirect_uri else (),
        brand=_brand(request),
        action=PAGE,
        form_token=parts.form_tokens.issue(page=SIGN_OUT_PAGE, binding=_binding(parts), now=parts.issuer.clock()),
        account_name=(person.name or person.user_id) if person else None,
        user_id=person.user_id if person else None,
        kept=kept,
    )


def _kept(form: Form) -> dict[str, str]:
    names = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales")
    return {name: form[name] for name in names if name in form}


def _answered(parts: Parts, form: Form) -> flask.Response:
    require_own_post(parts, page=SIGN_OUT_PAGE, binding=_binding(parts))
    request = parts.end_session.read(form)
    if form.get("action") == "stay":
        return see_other("/account")
    person = _signed_in(parts)
    return _end(parts, person, request) if person else _left(parts, request)


def _end(parts: Parts, person: Standing, request: LogoutRequest) -> flask.Response:
    if person.session is not None:
        visitor = visitor_of()
        with parts.issuer.database.writing() as connection:
            sign_out(
                connection,
                sid=person.session.sid,
                account_id=person.account_id,
                cause="sign-out",
                reference=visitor.reference,
                personal=visitor.personal,
                entropy=parts.issuer.entropy,
                now=parts.issuer.clock(),
            )
    response = _left(parts, request)
    parts.cookies.clear(response, parts.cookies.session_name)
    return response


def _left(parts: Parts, request: LogoutRequest) -> flask.Response:
    """Send the person back to the app if that is certain, else say that they are signed out."""
    address = request.post_logout_redirect_uri
    if address is not None and not request.doubtful:
        return see_other(_with_state(address, request.state))
    return parts.pages.render(
        "signed_out", language=language_of(ui_locales=request.ui_locales), brand=None, way_back=_way_back(request)
    )


def _way_back(request: LogoutRequest) -> WayBack | None:
    """Name the app only when its own hint proved it."""
    client = request.client
    if client is None or request.sub is None or request.doubtful or not client.post_logout_redirect_uris:
        return None
    return WayBack(label=client.name, address=client.post_logout_redirect_uris[0])


def _brand(request: LogoutRequest) -> Brand | None:
    return brand_of(request.client) if request.client and request.sub and not request.doubtful else None


def _with_state(address: str, state: str | None) -> str:
    if state is None:
        return address
    separator = "&" if urlsplit(address).query else "?"
    return f"{address}{separator}{urlencode({'state': state})}"


def _binding(parts: Parts) -> str:
    """Bind the question to this browser's session; without one there is nothing that a forged answer could end."""
    handle_digest = session_digest(parts)
    return handle_digest.hex() if handle_digest else NOBODY
