"""Dana opens an app, signs in, and the app gets tokens that it can verify."""

from __future__ import annotations

from pathlib import Path

from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import Client

from tests.support.in_process import ADDRESS, App, Browser, add_person, issuer_on


def test_an_app_gets_tokens_that_it_can_verify(database_url: str, tmp_path: Path) -> None:
    """The thinnest real path: authorize, sign in, exchange, verify with the published keys, ask userinfo."""
    with issuer_on(database_url, tmp_path) as service:
        sub = add_person(service)
        app, browser = App.register(service), Browser(service)
        tokens = app.tokens(browser, scope="openid profile email")
        keys = KeySet.import_key_set(Client(service.front).get("/jwks", base_url=ADDRESS).get_json())
        claims = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims
        assert (ADDRESS, sub, "app", "a-nonce") == (claims["iss"], claims["sub"], claims["aud"], claims["nonce"])
        assert "Dana Driver" == app.userinfo(tokens["access_token"]).get_json()["name"]


def test_the_second_app_needs_no_password(database_url: str, tmp_path: Path) -> None:
    """One session serves both apps."""
    with issuer_on(database_url, tmp_path) as service:
        add_person(service)
        first, second = App.register(service), App.register(service, "second")
        browser = Browser(service)
        first.tokens(browser)
        assert "code" in second.answer(second.ask(browser))
