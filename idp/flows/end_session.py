"""/end-session and /signed-out: leaving, asked for by an app or by the person (RP-Initiated Logout 1.0).

With a good hint for the very session of this browser the person is signed out at once; in all other cases a page asks
first, so that nobody can be signed out by a link (§6). Whatever is doubtful ends on our own page, never with a
redirect. Apps are told afterwards, by the housekeeper; only those of the front channel are loaded by the page itself.
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
from idp.web.leaving import Left, SignOutFrame, left_by, receipt_for, sign_out_frames, told_apps
from idp.wire.forms import Form, MalformedForm

PAGE = "/end-session"
NOBODY = "nobody"
GO_ON_SECONDS = 4
"""How long a page with frames stays where no script goes on sooner; browsers count from when all is loaded."""


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
        left = _left_before(parts)
        return _signed_out(parts, None, left, way_back=_way_back(parts, left.client_id if left else ""))

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
    if person.session is None:
        return _left(parts, request)
    sid, visitor, issuer = person.session.sid, visitor_of(), parts.issuer
    with issuer.database.writing() as connection:
        ended = sign_out(
            connection,
            sid=sid,
            account_id=person.account_id,
            cause="sign-out",
            reference=visitor.reference,
            personal=visitor.personal,
            entropy=issuer.entropy,
            now=issuer.clock(),
        )
    left = Left(sid=sid, client_id=_proved_app(request))
    frames = sign_out_frames(issuer.directory, ended.apps, issuer=issuer.address, sid=sid)
    response = _left(parts, request, left, frames)
    parts.cookies.clear(response, parts.cookies.session_name)
    receipt = receipt_for(left, parts.form_tokens, now=issuer.clock())
    parts.cookies.set(response, parts.cookies.signed_out_name, receipt, max_age=int(parts.form_tokens.lifetime))
    return response


def _left(
    parts: Parts, request: LogoutRequest, left: Left | None = None, frames: tuple[SignOutFrame, ...] = ()
) -> flask.Response:
    """Send the person back to the app if that is certain, else say that they are signed out.

    Where apps sign out in frames the page comes first, and goes on by itself.
    """
    address = None if request.doubtful else request.post_logout_redirect_uri
    if address is None:
        way_back = _way_back(parts, _proved_app(request))
        return _signed_out(parts, request, left or _left_before(parts), way_back=way_back, frames=frames)
    onward = _with_state(address, request.state)
    if not frames:
        return see_other(onward)
    way_back = WayBack(label=request.client.name if request.client else onward, address=onward)
    response = _signed_out(parts, request, left, way_back=way_back, frames=frames, goes_on=True)
    response.headers["Refresh"] = f"{GO_ON_SECONDS}; url={onward}"
    return response


def _signed_out(
    parts: Parts,
    request: LogoutRequest | None,
    left: Left | None,
    *,
    way_back: WayBack | None,
    frames: tuple[SignOutFrame, ...] = (),
    goes_on: bool = False,
) -> flask.Response:
    told = []
    if left is not None:
        with parts.issuer.database.reading() as connection:
            told = told_apps(connection, parts.issuer.directory, sid=left.sid)
    return parts.pages.render(
        "signed_out",
        language=language_of(ui_locales=request.ui_locales if request else None),
        brand=None,
        way_back=way_back,
        told=told,
        goes_on=goes_on,
        frames=[frame.address for frame in frames],
        sign_out_frames=frames,
    )


def _left_before(parts: Parts) -> Left | None:
    """Give the session that this browser ended some minutes ago, if it did."""
    receipt = parts.cookies.read(flask.request, parts.cookies.signed_out_name)
    return left_by(receipt, parts.form_tokens, now=parts.issuer.clock())


def _proved_app(request: LogoutRequest) -> str:
    """Name the app only when its own hint proved it; nothing otherwise."""
    proved = request.client is not None and request.sub is not None and not request.doubtful
    return request.client.client_id if proved and request.client else ""


def _way_back(parts: Parts, client_id: str) -> WayBack | None:
    client = parts.issuer.directory.find(client_id)
    if client is None or not client.post_logout_redirect_uris:
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
