"""Odd texts, parameters that come twice, and markup: always an answer that is specified (T57–T59, T91–T93)."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import Client, TestResponse

from idp.app import Service
from tests.support.in_process import ADDRESS, PASSWORD, App, Browser, add_person
from tests.support.nodes import hidden_fields, outcome

FORM = "application/x-www-form-urlencoded"
HTML = [
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    "</title><svg onload=alert(1)>",
    "{{1337*1337}}",
    "${1337*1337}",
    "javascript:alert(1)",
]
ODD_TEXTS = [
    "\x00",
    "dana\x00",
    "\ufeffdana",
    "dana\u200b",
    "\u202eanad",
    "da\u00adna",
    "\ud7ff\ue000",
    "\U0010ffff",
    "e\u0301" * 50,
    "ﬁnn",
    "\u0131stanbul",
    "straße",
    "﷽" * 50,
    "' OR 1=1 --",
    "%00",
    "%s%n",
    "../../etc/passwd",
    "\r\nSet-Cookie: x=y",
    "🦊" * 60,
]
ODD_OCTETS = [b"\xff", b"\xed\xa0\x80", b"%ed%a0%80", b"%ff", b"%", b"%zz", b"\xc0\x80", b"a%00b", b"\xf4\x90\x80\x80"]


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add a person and an app."""
    add_person(service)
    return App.register(service)


def sign_in(service: Service, app: App, octets: bytes, *, address: str, content_type: str = FORM) -> TestResponse:
    """Send the sign-in form with these octets in it."""
    browser = Browser(service, address=address)
    page = browser.follow(app.ask(browser))
    token = hidden_fields(page)["form_token"]
    path = f"{page.request.path}?{page.request.query_string.decode()}"
    body = b"form_token=" + token.encode() + b"&" + octets
    return browser.post(path, body, content_type=content_type)


# Passwords and user IDs ---------------------------------------------------------------------------------------------


def test_the_longest_password_is_one(service: Service, app: App) -> None:
    """256 characters that are several octets each still sign somebody in."""
    password = "ß🦊é" * 85 + "!"
    add_person(service, "longest", password=password)
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    assert "code" == outcome(browser.submit(page, {"user_id": "longest", "password": password}))


@pytest.mark.parametrize(("stored", "typed"), [("Zu\u0308rich ist eine Stadt", "Zürich ist eine Stadt")])
def test_one_password_typed_on_two_keyboards(service: Service, app: App, stored: str, typed: str) -> None:
    """Composed and decomposed letters are the same password (T59)."""
    add_person(service, "keyboards", password=stored)
    for password in (stored, typed):
        browser = Browser(service)
        page = browser.follow(app.ask(browser))
        assert "code" == outcome(browser.submit(page, {"user_id": "keyboards", "password": password}))


@pytest.mark.parametrize("field", ["user_id", "password"])
@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
def test_odd_texts_are_somebodys_mistake(service: Service, app: App, field: str, text: str) -> None:
    """Nobody is signed in, and nothing breaks (T58)."""
    fields = {"user_id": "dana", "password": "wrong"} | {field: text}
    response = sign_in(service, app, urlencode(fields).encode(), address=f"192.0.2.{ODD_TEXTS.index(text)}")
    assert response.status_code in {200, 400, 429}
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("field", [b"user_id", b"password"])
@pytest.mark.parametrize("octets", ODD_OCTETS)
def test_what_is_not_text_is_refused_or_wrong(service: Service, app: App, field: bytes, octets: bytes) -> None:
    """Octets that are no UTF-8, surrogates, NUL, broken escapes (T58)."""
    response = sign_in(
        service,
        app,
        b"user_id=dana&password=" + quote(PASSWORD).encode() + b"&" + field + b"=" + octets,
        address="192.0.2.58",
    )
    assert response.status_code in {200, 400, 429, 303}
    other = sign_in(service, app, field + b"=" + octets, address="192.0.2.58")
    assert response.status_code in {200, 400, 429, 303}
    assert "Set-Cookie" not in other.headers


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/json", "text/plain", "", "x"])
def test_pages_read_forms_and_nothing_else(service: Service, app: App, content_type: str) -> None:
    """A body of another kind is no sign-in."""
    body = b'--x\r\nContent-Disposition: form-data; name="user_id"\r\n\r\ndana\r\n--x--'
    response = sign_in(service, app, body, address="192.0.2.59", content_type=content_type)
    assert 400 == response.status_code


# Twice --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "prompt", "max_age",
    "claims", "login_hint", "id_token_hint", "ui_locales", "acr_values", "response_mode", "display", "anything",
])  # fmt: skip
def test_a_repeated_parameter_is_an_error_to_the_app(service: Service, app: App, name: str) -> None:
    """RFC 6749 §3.1 (T93)."""
    value = app.request().get(name, "query" if name == "response_mode" else "x")
    pairs = [*app.request(**{name: value}).items(), (name, value)]
    response = Browser(service).get("/authorize", query_string=urlencode(pairs))
    assert "invalid_request" == outcome(response)


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke", "/userinfo"])
@pytest.mark.parametrize("name", ["grant_type", "token", "code", "scope", "client_id", "access_token", "anything"])
def test_a_repeated_parameter_is_refused_by_every_endpoint(app: App, path: str, name: str) -> None:
    """RFC 6749 §3.2 (T93)."""
    response = Client(app.service.front).post(path, base_url=ADDRESS, data=f"{name}=x&{name}=y", content_type=FORM)
    assert 400 == response.status_code
    assert "invalid_request" == response.get_json()["error"]


def test_a_repeated_field_of_a_page_signs_nobody_in(service: Service, app: App) -> None:
    """Which password was meant? None (T93)."""
    password = quote(PASSWORD).encode()
    for octets in (b"user_id=dana&user_id=x&password=" + password, b"user_id=dana&password=x&password=" + password):
        response = sign_in(service, app, octets, address="192.0.2.93")
        assert 400 == response.status_code


@pytest.mark.parametrize(
    "shape", ["a[]=1&a[]=2", "a[b]=1", "a.b=1", "client_id[]=app", "=x", "&&&", "a;b=1;c=2", "?a=1"]
)
def test_arrays_and_other_spellings_are_other_names(app: App, shape: str) -> None:
    """No parser of ours makes structures out of names."""
    for path in ("/token", "/introspect"):
        response = Client(app.service.front).post(path, base_url=ADDRESS, data=shape, content_type=FORM)
        assert response.status_code in {400, 401}


# Markup -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HTML)
def test_nothing_that_was_sent_is_markup(service: Service, app: App, text: str) -> None:
    """On pages and in forms whatever came is text (T92)."""
    browser = Browser(service, address="192.0.2.92")
    named = App.register(service, f"xss{HTML.index(text)}", client_name=text, first_party=False)
    page = browser.follow(named.ask(browser, login_hint=text, state=text, ui_locales=text, response_mode="form_post"))
    _has_no(text, page)
    _has_no(text, browser.submit(page, {"user_id": text, "password": "wrong"}))
    consent = browser.follow(browser.submit(page, {"user_id": "dana", "password": PASSWORD}))
    _has_no(text, consent)
    _has_no(text, browser.submit(consent, {"action": "allow"}))
    for query in ({"state": text, "client_id": named.client_id}, {"id_token_hint": text}, {"ui_locales": text}):
        _has_no(text, browser.get("/end-session", query_string=query))
    _has_no(text, browser.get("/authorize", query_string={"client_id": text, "redirect_uri": text}))
    _has_no(text, browser.get(f"/{quote(text)}"))
    _has_no(text, browser.get("/sign-in", query_string={"journey": text}))


def _has_no(text: str, page: TestResponse) -> None:
    assert 500 > page.status_code
    if page.mimetype != "text/html":
        return
    if re.search("[<>\"']", text):
        assert text not in page.text
    assert "1787569" not in page.text
    assert 'href="javascript:' not in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
