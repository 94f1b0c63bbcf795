"""An issuer whose keys live in a PKCS#11 token, from the first command on; and one whose token is pulled out (F23)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from idp.acts.initialise_keys import initialise_keys
from idp.custody import kek_source
from idp.storage.database import Database
from idp.storage.engine import open_engine
from keys.signers.pkcs11_token import RETRY_SECONDS
from tests.support.in_process import App, Browser, add_person, issuer_on, settings_for
from tests.support.meanwhile import wait_until
from tests.support.missing import Missing, skip_or_fail
from tests.support.served import ServedIssuer, served_issuer
from tests.support.softhsm import SoftToken, soft_token

pytestmark = pytest.mark.xdist_group("softhsm")


@pytest.fixture
def token() -> SoftToken:
    """A token of the test's own."""
    try:
        return soft_token()
    except Missing as error:
        skip_or_fail(error)


@pytest.fixture
def app(token: SoftToken, sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    """An app of an issuer that keeps nothing private in its database, its key-encryption key in the token as well."""
    options: dict[str, Any] = {
        "kek_file": None,
        "kek_pkcs11": token.address("kek"),
        "key_homes": (token.address(),),
        "new_key_home": "pkcs11",
        "standby_key_home": "pkcs11",
        "signing_algs": ("ES256", "RS256"),
    }
    settings = settings_for(sqlite_url, tmp_path, **options)
    engine = open_engine(sqlite_url)
    made = initialise_keys(
        Database(engine),
        kek_source(settings),
        algorithms=settings.signing_algs,
        actor="test",
        now=time.time(),
        entropy=secrets.token_bytes,
    )
    engine.dispose()
    assert made.kek_created
    with issuer_on(sqlite_url, tmp_path, keys=False, **options) as service:
        add_person(service)
        yield App.register(service)


def test_nothing_is_issued_while_the_token_is_away(app: App, token: SoftToken) -> None:
    """Signing answers 503; what was issued is honoured on, the JWKS is served, and nobody restarts anything (F23)."""
    browser = Browser(app.service)
    tokens = app.tokens(browser, scope="openid profile offline_access")
    with token.pulled_out():
        wait_until(lambda: 503 == app.refresh(tokens["refresh_token"]).status_code)
        refused = app.refresh(tokens["refresh_token"])
        assert ("temporarily_unavailable", "2") == (refused.get_json()["error"], refused.headers["Retry-After"])
        assert 200 == app.userinfo(tokens["access_token"]).status_code
        assert app.introspect(tokens["access_token"])["active"]
        assert {"EC", "RSA"} == {key["kty"] for key in browser.get("/jwks").get_json()["keys"]}
        wait_until(lambda: not_ready(browser), seconds=3 * RETRY_SECONDS)
        assert "does not answer" in browser.get("/readyz").text
        assert token.label not in browser.get("/readyz").text
    wait_until(lambda: 200 == browser.get("/readyz").status_code, seconds=5 * RETRY_SECONDS)
    assert "access_token" in app.refresh(tokens["refresh_token"]).get_json()


def not_ready(browser: Browser) -> bool:
    """Whether the node says that it can't be sent requests."""
    return 503 == browser.get("/readyz").status_code


@pytest.fixture
def served(token: SoftToken, new_postgresql_url: Callable[[], str]) -> Iterator[ServedIssuer]:
    """A real server with two workers, forked from one parent, on keys of the token."""
    options: dict[str, Any] = {"key_homes": token.address(), "new_key_home": "pkcs11", "signing_algs": "ES256"}
    with served_issuer(new_postgresql_url(), workers=2, **options) as issuer:
        yield issuer


def test_forked_workers_sign(served: ServedIssuer) -> None:
    """Both workers, and the doctor beside them."""
    assert {200} == {asked(served) for _ in range(12)}
    assert "(ES256, active) signs in pkcs11:" in served.run("doctor").stdout
    assert "lives in pkcs11:" in served.run("keys", "list").stdout


def asked(issuer: ServedIssuer) -> int:
    """Ask for a token on a connection of its own."""
    credentials = (issuer.client_id, issuer.client_secret)
    form = {"grant_type": "client_credentials"}
    return requests.post(f"{issuer.address}/token", form, auth=credentials, timeout=10).status_code
