"""No answer leads to an unproven address: redirect URIs, errors before the proof, logout, links onwards (T46–T50)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from idp.app import Service
from idp.clients.policy import RegistrationRefused
from tests.support.bad_addresses import LOOK_ALIKES, REGISTERED
from tests.support.in_process import AFTER_LOGOUT, App, Browser, add_person
from tests.support.nodes import outcome


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add a person and an app with one registered address."""
    add_person(service)
    return App.register(service)


@pytest.fixture(scope="module")
def native(service: Service) -> App:
    """Add an app on people's own machines, with a loopback address and a scheme of its own."""
    addresses = ["http://127.0.0.1/back", "com.example.app:/back"]
    return App.register(service, "native", public=True, redirect_uris=addresses)


@pytest.fixture(scope="module")
def signed_in(service: Service, app: App) -> Browser:
    """Give a browser that would get a code at once."""
    browser = Browser(service)
    app.code(browser)
    return browser


def leads_nowhere(response: TestResponse) -> None:
    """Assert that an error is shown here and nobody is sent anywhere."""
    assert 400 == response.status_code
    assert "Location" not in response.headers
    assert "evil" not in response.headers.get("Content-Security-Policy", "")
    assert "Refresh" not in response.headers
    assert "<script" not in response.text.replace('<script src="/static/', "")


@pytest.mark.parametrize("address", LOOK_ALIKES)
def test_an_address_that_is_not_registered_gets_nothing(app: App, signed_in: Browser, address: str) -> None:
    """Somebody is signed in, consent is not needed: and still there is neither code nor redirect (T46)."""
    leads_nowhere(app.ask(signed_in, redirect_uri=address))
    leads_nowhere(signed_in.post("/authorize", app.request(redirect_uri=address)))


BAD_REQUESTS = [
    {"response_type": None},
    {"response_type": "token"},
    {"response_type": "code id_token"},
    {"scope": "unknown"},
    {"prompt": "none login"},
    {"max_age": "-1"},
    {"claims": "{"},
    {"code_challenge_method": "plain"},
    {"request": "x.y.z"},
    {"request_uri": "https://evil.example/request"},
    {"response_mode": "fragment"},
    {"state": "\x01"},
    {"id_token_hint": "x"},
]


@pytest.mark.parametrize("bad", BAD_REQUESTS, ids=str)
def test_no_other_error_is_sent_to_an_unproven_address(app: App, signed_in: Browser, bad: dict[str, str]) -> None:
    """The address is proven before anything else is looked at (T47)."""
    leads_nowhere(app.ask(signed_in, redirect_uri="https://evil.example/", **bad))
    leads_nowhere(app.ask(signed_in, client_id="unknown", **bad))
    proven = app.ask(signed_in, **bad)
    assert 303 == proven.status_code
    assert proven.headers["Location"].startswith(REGISTERED + "?error=")


def test_a_repeated_address_or_client_is_unproven(app: App, signed_in: Browser) -> None:
    """Which of the two would be meant?"""
    for name, value in (("redirect_uri", REGISTERED), ("redirect_uri", "https://evil.example/"), ("client_id", "app")):
        twice = [*app.request().items(), (name, value)]
        leads_nowhere(signed_in.get("/authorize", query_string=_encoded(twice)))
        leads_nowhere(signed_in.get("/authorize", query_string=_encoded(twice[::-1])))


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs)


@pytest.mark.parametrize("port", ["", ":1", ":4000", ":65535"])
def test_a_native_app_chooses_its_port(service: Service, native: App, port: str) -> None:
    """RFC 8252 §7.3: any port of the loopback address, which is the only freedom there is."""
    response = native.ask(Browser(service), redirect_uri=f"http://127.0.0.1{port}/back")
    assert "page:/sign-in" == outcome(response)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:4000/back2",
        "http://127.0.0.1:4000/back?x=1",
        "http://127.0.0.1:4000/back#x",
        "http://127.0.0.1:4000@evil.example/back",
        "http://127.0.0.1:@evil.example/back",
        "http://127.0.0.1:400000/back",
        "http://127.0.0.1.evil.example/back",
        "http://127.0.0.2/back",
        "http://127.1/back",
        "http://0x7f.0.0.1/back",
        "http://localhost:4000/back",
        "http://[::1]:4000/back",
        "https://127.0.0.1:4000/back",
        "http://127.0.0.1:4000\\@evil.example/back",
        "http://127.0.0.1:4000/back\r\n",
        "http://127.0.0.1: 4000/back",
        "http://127.0.0.1:+4000/back",
        "http://127.0.0.1:\u0664/back",
        "com.example.app:/back2",
        "com.example.app://back",
        "com.example.app2:/back",
        "com.example.app:/back?x",
    ],
)
def test_a_native_apps_freedom_ends_at_the_port(service: Service, native: App, address: str) -> None:
    """No other host, path, query or scheme."""
    leads_nowhere(native.ask(Browser(service), redirect_uri=address))


def test_a_confidential_app_has_no_free_port(service: Service) -> None:
    """The loopback rule is for apps that hold no secret."""
    app = App.register(service, "local", redirect_uris=["http://127.0.0.1:4000/back"])
    leads_nowhere(app.ask(Browser(service), redirect_uri="http://127.0.0.1:4001/back"))


@pytest.mark.parametrize("member", ["redirect_uris", "post_logout_redirect_uris"])
@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example.com/x",
        "about:blank",
        "http://app.example.com/callback",
        "https://app.example.com/callback#x",
        "https://user@app.example.com/callback",
        "https://app.example.com/../callback",
        "https://app.example.com/%2e%2e/callback",
        "https://app.example.com/call back",
        "https://app.example.com\\callback",
        "https:///callback",
        "//app.example.com/callback",
        "app:/callback",
    ],
)
def test_dangerous_addresses_cannot_be_registered(service: Service, member: str, address: str) -> None:
    """What a browser would run, or read in two ways, is refused before it can be asked for (T48)."""
    changes: dict[str, Any] = {member: [address]}
    with pytest.raises(RegistrationRefused):
        App.register(service, "dangerous", **changes)


@pytest.mark.parametrize("address", [*LOOK_ALIKES, REGISTERED])
def test_logout_leads_only_to_a_registered_address(
    service: Service, app: App, signed_in: Browser, address: str
) -> None:
    """Even with a good hint (T49)."""
    hint = app.tokens(signed_in)["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": address}
    for browser in (signed_in, Browser(service)):
        response = browser.get("/end-session", query_string=query)
        assert response.status_code in {200, 400}
        assert "Location" not in response.headers


def test_logout_leads_nowhere_without_the_apps_own_hint(service: Service, app: App) -> None:
    """No hint, another app's hint, an access token, a changed one: our own page, and no way onwards (T49)."""
    other = App.register(service, "other", post_logout_redirect_uris=["https://other.example.com/"])
    tokens, browser = other.tokens(Browser(service)), Browser(service)
    hints = [None, tokens["id_token"], tokens["access_token"], tokens["id_token"][:-2] + "AA", "x.y.z", ""]
    for hint in hints:
        query = {"post_logout_redirect_uri": AFTER_LOGOUT, "client_id": "app"}
        response = browser.get("/end-session", query_string=query | ({} if hint is None else {"id_token_hint": hint}))
        assert 200 == response.status_code
        assert AFTER_LOGOUT not in response.text


@pytest.mark.parametrize(
    "name", ["next", "return_to", "redirect", "url", "continue", "target", "post_logout_redirect_uri"]
)
@pytest.mark.parametrize("value", ["//evil.example", "/\\evil.example", "/%09/evil.example", "https:evil.example"])
def test_pages_take_no_way_onwards_from_a_request(service: Service, app: App, name: str, value: str) -> None:
    """There is no parameter that says where to go next (T50)."""
    browser = Browser(service)
    page = browser.follow(app.ask(browser, **{name: value}))
    response = browser.submit(page, {"user_id": "dana", "password": "correct horse battery staple 7", name: value})
    assert response.headers["Location"].startswith(REGISTERED + "?code=")
    for path in ("/account", "/signed-out", "/end-session"):
        assert "evil" not in Browser(service).get(path, query_string={name: value}).headers.get("Location", "")
