"""The edge: every route of the service, protocol endpoints before Flask and pages in it, as two lists.

Whatever a chapter raises because it cannot answer now becomes 503 with Retry-After here, on both sides; what nobody
foresaw becomes `server_error` with a reference number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial

import flask
from werkzeug.exceptions import HTTPException

from idp.audit.batch import TrailFull
from idp.flows.account_activity import account_activity_pages
from idp.flows.account_apps import account_apps_pages
from idp.flows.account_call_code import account_call_code_pages
from idp.flows.account_details import account_details_pages
from idp.flows.account_email import account_email_pages
from idp.flows.account_home import account_pages
from idp.flows.account_methods import account_methods_pages
from idp.flows.account_new_phone import account_new_phone_pages
from idp.flows.account_sessions import account_sessions_pages
from idp.flows.account_shared import account_shared_pages
from idp.flows.authorize import authorize_pages
from idp.flows.change_own_password import change_own_password_pages
from idp.flows.change_password import change_password_pages
from idp.flows.close_account import close_account_pages
from idp.flows.consent import consent_pages
from idp.flows.end_session import end_session_pages
from idp.flows.enrol_factor import enrol_factor_pages
from idp.flows.invitation import invitation_pages
from idp.flows.lock_down import lock_down_pages
from idp.flows.parts import Parts
from idp.flows.passkey_sign_in import passkey_sign_in_pages
from idp.flows.recover import recover_pages
from idp.flows.recover_factor import recover_factor_pages
from idp.flows.reset_password import reset_password_pages
from idp.flows.share_contract import share_contract_pages
from idp.flows.sign_in import sign_in_pages
from idp.flows.slow_down import slow_down_pages
from idp.flows.verify_factor import verify_factor_pages
from idp.flows.visit import language_of, reference_of
from idp.metrics.metered import MeteredServer
from idp.metrics.meters import Meters
from idp.oidc.discovery import metadata, render
from idp.oidc.endpoints import introspection_endpoint, revocation_endpoint, token_endpoint
from idp.oidc.issuer import Issuer
from idp.oidc.own_jwks import PREFIX as OWN_JWKS
from idp.oidc.own_jwks import OwnJwks
from idp.oidc.userinfo import UserInfo
from idp.passwords.gate import HashingBusy
from idp.probes import livez, readyz
from idp.resources import resource_directory
from idp.settings import Settings
from idp.staff.console import CONSOLE_PAGES
from idp.storage.database import StorageUnavailable
from idp.storage.ephemeral import EphemeralUnavailable
from idp.storage.watch import StaleView
from idp.web.errors import ShownError, error_page, shown_http_error, shown_unknown_error
from idp.web.security_txt import security_txt
from idp.web.static_files import serve_static
from idp.wire.etag import make_etag
from idp.wire.front import Front
from idp.wire.hosts import known_hosts
from idp.wire.messages import Header, Response, json_response
from idp.wire.routes import Render, Route, Static, StaticUnder
from keys.errors import NoActiveKey, SignerAway
from keys.jwks import MAX_AGE_SECONDS, Jwks

BUSY = (StorageUnavailable, EphemeralUnavailable, StaleView, HashingBusy, TrailFull, NoActiveKey, SignerAway)
RETRY_AFTER = 2
JWKS_CACHE = f"public, max-age={MAX_AGE_SECONDS:.0f}, must-revalidate"
JOURNEYS: tuple[Callable[[Parts], flask.Blueprint], ...] = (
    authorize_pages,
    sign_in_pages,
    slow_down_pages,
    passkey_sign_in_pages,
    verify_factor_pages,
    enrol_factor_pages,
    change_password_pages,
    consent_pages,
    end_session_pages,
    account_pages,
    account_methods_pages,
    account_new_phone_pages,
    account_sessions_pages,
    account_apps_pages,
    account_shared_pages,
    close_account_pages,
    share_contract_pages,
    account_details_pages,
    account_email_pages,
    account_activity_pages,
    account_call_code_pages,
    lock_down_pages,
    change_own_password_pages,
    recover_pages,
    recover_factor_pages,
    reset_password_pages,
    invitation_pages,
    *CONSOLE_PAGES,
)

log = logging.getLogger("idp.pages")


def build_front(settings: Settings, issuer: Issuer, pages_app: flask.Flask, meters: Meters) -> Front:
    """Join the protocol endpoints with the pages."""
    return Front(
        pages_app,
        hosts=known_hosts(settings.issuer, settings.extra_hosts),
        routes=protocol_routes(settings, issuer, meters),
        entropy=issuer.entropy,
        trusted_proxies=settings.trusted_proxies,
        https=settings.secure,
        translate=partial(busy_answer, meters),
        observe=meters.answered,
        body_readers=max(2, settings.threads - 8),
    )


def protocol_routes(settings: Settings, issuer: Issuer, meters: Meters) -> dict[str, Route | Static | StaticUnder]:
    """List what apps call."""
    server, userinfo, own_jwks = MeteredServer(issuer, meters), UserInfo(issuer), OwnJwks(issuer)
    routes: dict[str, Route | Static | StaticUnder] = {}
    if settings.security_contact:
        routes["/.well-known/security.txt"] = Static(_security_txt(settings, issuer))
    discovery = _document(render(metadata(settings.issuer, signing_algs=issuer.signing_algs, documentation=None)))
    return routes | {
        "/.well-known/openid-configuration": Static(discovery),
        "/.well-known/oauth-authorization-server": Static(discovery),
        "/jwks": Static(lambda: _jwks(issuer.ring.jwks())),
        OWN_JWKS: StaticUnder(lambda name: _jwks(own_jwks(name))),
        "/token": Route({"POST": token_endpoint(server)}, cors="token"),
        "/userinfo": Route({"GET": userinfo, "POST": userinfo}, cors="token"),
        "/introspect": Route({"POST": introspection_endpoint(server)}),
        "/revoke": Route({"POST": revocation_endpoint(server)}, cors="token"),
        "/livez": Route({"GET": livez}, any_host=True),
        "/readyz": Route({"GET": readyz(issuer)}, any_host=True),
    }


def _security_txt(settings: Settings, issuer: Issuer) -> Render:
    def answer() -> tuple[bytes, str, Iterable[Header]]:
        body = security_txt(contact=settings.security_contact, issuer=settings.issuer, now=issuer.clock())
        return body, make_etag(body), (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", JWKS_CACHE))

    return answer


def _document(body: bytes) -> Render:
    headers = (("Content-Type", "application/json"), ("Cache-Control", JWKS_CACHE))
    answer = (body, make_etag(body), headers)
    return lambda: answer


_JWKS_HEADERS = (("Content-Type", "application/jwk-set+json"), ("Cache-Control", JWKS_CACHE))


def _jwks(jwks: Jwks) -> tuple[bytes, str, Iterable[Header]]:
    return jwks.body, jwks.etag, _JWKS_HEADERS


def busy_answer(meters: Meters, error: Exception) -> Response | None:
    """Answer what chapters raise when they cannot answer now; None for what nobody foresaw."""
    if not isinstance(error, BUSY):
        return None
    meters.could_not_answer(error)
    body = {"error": "temporarily_unavailable", "error_description": "The service cannot answer now; try again."}
    return json_response(503, body, [("Retry-After", str(RETRY_AFTER))])


def build_pages_app(app: flask.Flask, parts: Parts, meters: Meters) -> None:
    """Hang the pages into the Flask app, and the handlers of everything that can end a page."""
    for journey in JOURNEYS:
        app.register_blueprint(journey(parts))
    serve_static(app, resource_directory("templates") / "static")

    @app.errorhandler(ShownError)
    def shown(error: ShownError) -> flask.Response:
        return error_page(parts.pages, error, language=language_of())

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> flask.Response:
        return shown(shown_http_error(error, reference=reference_of()))

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> flask.Response:
        reference = reference_of()
        if isinstance(error, BUSY):
            meters.could_not_answer(error)
            return shown(ShownError(key="unavailable", reference=reference, status=503, retry_after=RETRY_AFTER))
        log.error("a page failed, reference %s: %s", reference, type(error).__name__, exc_info=error)
        return shown(shown_unknown_error(error, reference=reference))
