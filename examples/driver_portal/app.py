"""A relying party to copy: a web app that lets an OpenID Connect issuer sign its people in (Flask, Authlib's client).

What it does for safety: PKCE, state and nonce on every sign-in; the answer's `iss` and the ID token's iss, aud, nonce,
exp and algorithm are checked; tokens stay on the server, and the browser holds a random key to them.
Beside it: back_channel.py hears of sign-outs elsewhere; step_up.py asks for a surer sign-in; protection.py has headers,
and words for failures.
Run it in the folder above, with ISSUER=… CLIENT_ID=… CLIENT_SECRET=… ADDRESS=http://localhost:8001 set:
flask --app driver_portal.app run --port 8001
"""

import os
import secrets
import time
from collections.abc import Mapping
from typing import Any

import flask
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from werkzeug.wrappers import Response

from .back_channel import LogoutTokens, add_back_channel
from .contracts import contract_of
from .protection import add_protection
from .step_up import Action, add_resource, add_step_up, way_back

SCOPE = "openid profile email offline_access contracts vehicles payees.write"
ALGORITHMS = ["ES256"]  # what this client is registered with; an issuer may support more
SURER = ("urn:idp:mfa", "urn:idp:phishing-resistant")  # for changing the contract: either will do
LEEWAY = 30  # seconds that clocks may differ; an access token this near its end is renewed
CHANGE = Action("Change the account that pays", "/paying-account", SURER, 900, "payees.write")
People = dict[str, dict[str, Any]]


def create_app(settings: Mapping[str, str] = os.environ) -> flask.Flask:
    """Make the portal for one issuer; `settings` are the environment variables of the first lines."""
    app = flask.Flask(__name__)
    app.secret_key = settings.get("SECRET_KEY") or secrets.token_hex()
    # A name of its own: cookies ignore ports, and two apps on one host would overwrite each other's.
    app.config.update(SESSION_COOKIE_NAME="driver_portal", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)
    app.config.update(SESSION_COOKIE_SECURE=settings["ADDRESS"].startswith("https:"))
    oauth: Any = OAuth(app)
    issuer = oauth.register(
        "issuer",
        client_id=settings["CLIENT_ID"],
        client_secret=settings["CLIENT_SECRET"],
        server_metadata_url=f"{settings['ISSUER']}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256", "default_timeout": 5},
    )
    people: People = {}  # key in the cookie → tokens and claims; a real app keeps them in its database
    add_pages(app, issuer, people, settings["ISSUER"])
    add_signing(app, issuer, people, settings)
    tokens = LogoutTokens(issuer=settings["ISSUER"], client_id=settings["CLIENT_ID"], algorithms=ALGORITHMS)
    add_back_channel(app, issuer, people, tokens)
    add_resource(app, issuer, CHANGE, settings)
    add_step_up(app, issuer, people, CHANGE, settings)
    add_protection(app, settings["ISSUER"])
    return app


def add_pages(app: flask.Flask, issuer: Any, people: People, address: str) -> None:
    """The portal's own page, for whoever is signed in."""

    @app.get("/")
    def home() -> str:
        person = people.get(flask.session.get("key", ""))
        if person is None or not still_signed_in(issuer, person):
            key = flask.session.pop("key", None)  # with a key, but nobody under it: signed out elsewhere
            people.pop(key or "", None)
            return flask.render_template("welcome.html", issuer=address, ended=key is not None)
        # A real app looks its data up by (iss, sub): that pair is the person; names and addresses change.
        contract = contract_of(person["claims"])
        return flask.render_template("contract.html", person=person, contract=contract, action=CHANGE)


def still_signed_in(issuer: Any, person: dict[str, Any]) -> bool:
    """Ask the issuer at each page, and renew an old token; it refuses who has signed out anywhere, or was stopped."""
    token = person["token"]
    if token["expires_at"] > time.time() + LEEWAY:
        return bool(issuer.get(issuer.load_server_metadata()["userinfo_endpoint"], token=token).status_code != 401)
    try:
        given = {"refresh_token": token["refresh_token"], "scope": token["scope"]}  # no more than was given
        renewed = issuer.fetch_access_token(grant_type="refresh_token", **given)
    except OAuthError as error:
        if error.error != "invalid_grant":
            raise
        return False
    # With a new refresh token, where the issuer rotates them. The first ID token stays: it is the hint at sign-out.
    person["token"] = {**token, **renewed, "id_token": token["id_token"]}
    return True


def add_signing(app: flask.Flask, issuer: Any, people: People, settings: Mapping[str, str]) -> None:
    """Signing in and out: to the issuer, and back with its answer."""

    @app.get("/sign-in")
    def sign_in() -> Any:
        return issuer.authorize_redirect(f"{settings['ADDRESS']}/callback")  # state, nonce, verifier: in our cookie

    @app.get("/callback")
    def callback() -> Response:
        issuer.load_server_metadata()["id_token_signing_alg_values_supported"] = ALGORITHMS
        if flask.request.args.get("iss") != settings["ISSUER"]:
            raise OAuthError("wrong_issuer")  # RFC 9207: the answer of another issuer, mixed in
        if back := way_back():
            return flask.redirect(back, code=303)
        expected = {"iss": {"value": settings["ISSUER"]}, "aud": {"value": settings["CLIENT_ID"]}}
        token = issuer.authorize_access_token(claims_options=expected, leeway=LEEWAY)
        signed, told = token.pop("userinfo"), issuer.userinfo(token=token)
        if told["sub"] != signed["sub"]:
            raise OAuthError("wrong_issuer")  # OpenID Connect Core §5.3.2: the same person, or nobody
        people.pop(flask.session.get("key", ""), None)
        then = flask.session.get("then", "/")
        flask.session.clear()  # a new key for a new sign-in
        flask.session["key"] = secrets.token_urlsafe(32)
        people[flask.session["key"]] = {"token": token, "claims": {**told, **signed}}
        return flask.redirect(then, code=303)

    @app.post("/sign-out")
    def sign_out() -> Any:
        person = people.pop(flask.session.pop("key", ""), None)
        if person is None:
            return flask.redirect("/", code=303)
        return issuer.logout_redirect(f"{settings['ADDRESS']}/signed-out", id_token_hint=person["token"]["id_token"])

    @app.get("/signed-out")
    def signed_out() -> str | Response:
        try:
            issuer.validate_logout_response()  # our own state came back, for the first time
        except OAuthError:
            return flask.redirect("/", code=303)
        return flask.render_template("welcome.html", issuer=settings["ISSUER"], signed_out=True)
