"""A whole issuer in this process, on a real database: driven through its WSGI front by journeys, protocol and attacks.

`issuer_on` builds it with a settable clock and cheap hashing; `Browser` keeps cookies like one; `App` is a relying
party that knows the protocol and nothing of the issuer's inside.
"""

# ruff: noqa: ANN401 - the harness hands on whatever a test names, to settings, rows and requests alike.

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from werkzeug.test import Client, TestResponse

from idp.accounts.add import NewAccount, add_account
from idp.accounts.policy import Kind
from idp.app import Service, build
from idp.clients.registration import add_client
from idp.passwords.credentials import set_password
from idp.settings import Settings, load_settings
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.handles import Clock
from idp.storage.skew import ANY_CLOCK, ClockLimits
from tests.support.key_stock import supply_keys

ADDRESS = "https://id.example.com"
PASSWORD = "correct horse battery staple 7"
CALLBACK = "https://app.example.com/callback"
AFTER_LOGOUT = "https://app.example.com/goodbye"
ALGORITHMS = ("ES256", "RS256")

PERSON_CLAIMS: dict[str, Any] = {
    "name": "Dana Driver",
    "given_name": "Dana",
    "family_name": "Driver",
    "middle_name": "Q",
    "nickname": "Dee",
    "profile": "https://people.example.com/dana",
    "picture": "https://people.example.com/dana.png",
    "website": "https://dana.example.com",
    "gender": "female",
    "birthdate": "1988-02-29",
    "zoneinfo": "Europe/Berlin",
    "address": {
        "formatted": "1 Long Road\n12345 Springfield",
        "street_address": "1 Long Road",
        "locality": "Springfield",
        "region": "SP",
        "postal_code": "12345",
        "country": "US",
    },
}


def settings_for(database_url: str, folder: Path, **overrides: Any) -> Settings:
    """Give production-like settings for a test issuer whose KEK lies in `folder`."""
    values: dict[str, Any] = {
        "mode": "development",
        "issuer": ADDRESS,
        "database_url": database_url,
        "kek_file": folder / "kek",
        "password_hashing": "cheapest-for-tests-only",
        "signing_algs": ALGORITHMS,
        "support_phone": "+1 555 0100",
    }
    return load_settings(None, {}, **(values | overrides))


@contextmanager
def issuer_on(
    database_url: str,
    folder: Path,
    *,
    clock: Clock = time.time,
    keys: bool = True,
    clock_limits: ClockLimits = ANY_CLOCK,
    watch_period: float = 0.2,
    **overrides: Any,
) -> Iterator[Service]:
    """Run an issuer on a database with the schema; its watch polls five times a second, on commits, and when asked.

    Its clock may show anything, unless `clock_limits` are given.
    """
    settings = settings_for(database_url, folder, **overrides)
    if keys:
        _make_keys(settings, folder, clock)
    service = build(settings, clock=clock, watch_period=watch_period, clock_limits=clock_limits)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def _make_keys(settings: Settings, folder: Path, clock: Clock) -> None:
    engine = open_engine(settings.database_url.get_secret_value())
    supply_keys(
        Database(engine),
        folder / "kek",
        algorithms=settings.signing_algs,
        actor="test",
        now=clock(),
        entropy=secrets.token_bytes,
    )
    engine.dispose()


def add_person(service: Service, user_id: str = "dana", *, password: str | None = PASSWORD, **changes: Any) -> str:
    """Add an account with every standard claim, and give its id (the `sub`)."""
    values: dict[str, Any] = {
        "user_id": user_id,
        "kind": Kind.CONSUMER,
        "email": f"{user_id}@example.com",
        "email_verified": True,
        "phone_number": "+15550100",
        "phone_number_verified": True,
        "claims": PERSON_CLAIMS,
        "locale": "en",
    }
    with service.database.writing() as connection:
        account_id = add_account(
            connection, NewAccount(**(values | changes)), now=service.clock(), entropy=service.entropy
        )
        if password is not None:
            stored = service.parts.hasher.hash(password)
            set_password(connection, account_id=account_id, stored=stored, must_change=False, now=service.clock())
    return account_id


class Browser:
    """A browser without script: keeps cookies, follows nothing by itself, fills the one form of a page."""

    def __init__(self, service: Service, *, address: str = "198.51.100.7", agent: str = "TestBrowser/1.0") -> None:
        self.client = Client(service.front)
        self._environ = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": agent}
        self._base = service.settings.issuer

    def get(self, address: str, **options: Any) -> TestResponse:
        """GET a path or an address of the issuer."""
        return self._open("GET", address, **options)

    def post(self, address: str, data: Any = None, **options: Any) -> TestResponse:
        """POST a form."""
        return self._open("POST", address, data=data or {}, **options)

    def submit(self, page: TestResponse, fields: Mapping[str, str], *, path: str | None = None) -> TestResponse:
        """Fill and send the form of a page; hidden fields go along as they are."""
        action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        data = {name: html.unescape(value) for name, value in hidden} | dict(fields)
        target = path or (html.unescape(action[1]) if action else page.request.path)
        return self.post(target, data)

    def sign_in(self, page: TestResponse, user_id: str = "dana", password: str = PASSWORD) -> TestResponse:
        """Fill and send the sign-in form of the page that a redirect leads to (or of this page)."""
        return self.submit(self.follow(page), {"user_id": user_id, "password": password})

    def follow(self, response: TestResponse) -> TestResponse:
        """Follow redirects within the issuer, until a page or an address of somebody else."""
        while response.status_code == 303 and self._is_own(response.headers["Location"]):
            response = self.get(response.headers["Location"])
        return response

    def cookies(self) -> dict[str, str]:
        """Give what is in the jar for the issuer."""
        host = urlsplit(self._base).hostname or ""
        return {cookie.key: cookie.value for cookie in (self.client._cookies or {}).values() if cookie.domain == host}  # noqa: SLF001 - the jar itself

    def _is_own(self, location: str) -> bool:
        return location.startswith(("/", self._base + "/"))

    def _open(self, method: str, address: str, **options: Any) -> TestResponse:
        path = address.removeprefix(self._base)
        environ = self._environ | options.pop("environ", {})
        return self.client.open(path, method=method, base_url=self._base, environ_overrides=environ, **options)


@dataclass(kw_only=True)
class App:
    """A relying party: what it registered, and how it asks."""

    service: Service
    client_id: str = "app"
    secret: str | None = "a-secret-of-the-app-which-is-long-enough"
    redirect_uri: str = CALLBACK
    metadata: dict[str, Any] = field(default_factory=dict)
    verifier: str = "v" * 43

    @classmethod
    def register(cls, service: Service, client_id: str = "app", *, public: bool = False, **metadata: Any) -> App:
        """Register a client; by default confidential, with every grant, asking consent of nobody."""
        app = cls(service=service, client_id=client_id, secret=None if public else f"secret-of-{client_id}-" + "x" * 20)
        app.metadata = {
            "client_name": f"The {client_id}",
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [AFTER_LOGOUT],
            "grant_types": ["authorization_code", "refresh_token"] + ([] if public else ["client_credentials"]),
            "scope": "openid profile email address phone offline_access api",
            "first_party": True,
            **({"token_endpoint_auth_method": "none"} if public else {}),
            **metadata,
        }
        app.redirect_uri = (app.metadata["redirect_uris"] or [CALLBACK])[0]
        with service.database.writing() as connection:
            add_client(connection, client_id=client_id, metadata=app.metadata, secret=app.secret, now=service.clock())
        return app

    def request(self, **changes: Any) -> dict[str, str]:
        """Give the parameters of an authorization request; None takes one out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": "a state",
            "nonce": "a-nonce",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return {name: str(value) for name, value in (parameters | changes).items() if value is not None}

    def ask(self, browser: Browser, **changes: Any) -> TestResponse:
        """Send the browser to /authorize."""
        return browser.get("/authorize?" + urlencode(self.request(**changes)))

    def code(self, browser: Browser, *, user_id: str = "dana", **changes: Any) -> str:
        """Sign somebody in, allow what is asked, and give the code."""
        return self.answer(self.finish(browser, self.ask(browser, **changes), user_id=user_id))["code"]

    def finish(self, browser: Browser, response: TestResponse, *, user_id: str = "dana") -> TestResponse:
        """Go through whichever pages come until the answer is on its way to the app."""
        for _ in range(4):
            response = browser.follow(response)
            if response.status_code == 303:
                return response
            if 'name="password"' in response.text:
                response = browser.sign_in(response, user_id)
            elif 'value="allow"' in response.text:
                response = browser.submit(response, {"action": "allow"})
            else:
                return response
        return response

    def answer(self, response: TestResponse) -> dict[str, str]:
        """Read the parameters of an answer in the query of the redirect."""
        location = response.headers["Location"]
        assert location.startswith(self.redirect_uri), location
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query, keep_blank_values=True).items()}

    def exchange(self, code: str, **changes: Any) -> TestResponse:
        """Exchange a code at the token endpoint."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.call("/token", {name: value for name, value in (form | changes).items() if value is not None})

    def tokens(self, browser: Browser, **changes: Any) -> dict[str, Any]:
        """Sign somebody in and give the token response."""
        response = self.exchange(self.code(browser, **changes))
        assert 200 == response.status_code, response.text
        body: dict[str, Any] = response.get_json()
        return body

    def refresh(self, refresh_token: str, **changes: str) -> TestResponse:
        """Use a refresh token."""
        return self.call("/token", {"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})

    def call(self, path: str, form: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Call an endpoint with this client's own authentication."""
        data, sent = dict(form), dict(headers or {})
        if self.secret is None:
            data = {"client_id": self.client_id, **data}
        elif self.metadata.get("token_endpoint_auth_method") == "client_secret_post":
            data = {"client_id": self.client_id, "client_secret": self.secret, **data}
        elif "Authorization" not in sent:
            credentials = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
            sent["Authorization"] = f"Basic {credentials}"
        return Client(self.service.front).post(path, base_url=self.service.settings.issuer, data=data, headers=sent)

    def userinfo(self, access_token: str) -> TestResponse:
        """Ask userinfo."""
        return Client(self.service.front).get(
            "/userinfo", base_url=self.service.settings.issuer, headers={"Authorization": f"Bearer {access_token}"}
        )

    def introspect(self, token: str) -> dict[str, Any]:
        """Introspect a token."""
        body: dict[str, Any] = self.call("/introspect", {"token": token}).get_json()
        return body
