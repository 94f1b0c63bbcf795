"""Too much, or framed oddly: always an answer that is specified, at once (T57, T61, T62, T94)."""

from __future__ import annotations

import logging
from time import process_time
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client

from idp.app import Service
from tests.support.forged import ASSERTION_TYPE, unsigned
from tests.support.in_process import ADDRESS, App, Browser, add_person
from tests.support.nodes import outcome

SOON = 0.05
"""Seconds that a senseless request may cost (a loaded machine is given ten times as much)."""

SLOW_MACHINE = 10
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add a person and an app."""
    add_person(service)
    return App.register(service)


@pytest.mark.parametrize("password", ["\u0301" * 10_000, "\ufdfa" * 7_000, "x" * 60_000, "e\u0301" * 129])
def test_an_endless_password_costs_nothing(service: Service, app: App, password: str) -> None:
    """The length is looked at before the text is normalised, which alone would take seconds (T57)."""
    browser = Browser(service, address="192.0.2.57")
    page = browser.follow(app.ask(browser))
    begun = process_time()
    response = browser.submit(page, {"user_id": "dana", "password": password})
    assert process_time() - begun < SOON * SLOW_MACHINE
    assert response.status_code in {200, 400, 413}


SIZES: dict[str, tuple[str, dict[str, Any]]] = {
    "scope of a megabyte": ("/token", {"data": {"grant_type": "client_credentials", "scope": "a " * 500_000}}),
    "scope of 30 kB": ("/token", {"data": {"grant_type": "client_credentials", "scope": "a " * 15_000}}),
    "10 000 parameters": ("/token", {"data": {f"p{number}": "" for number in range(10_000)}}),
    "99 parameters": ("/token", {"data": {f"p{number}": "x" for number in range(99)}}),
    "cookie of a megabyte": ("/authorize", {"headers": {"Cookie": "a=" + "b" * 1_000_000}}),
    "query of a megabyte": ("/authorize", {"query_string": "state=" + "a" * 1_000_000}),
    "bearer of a megabyte": ("/userinfo", {"headers": {"Authorization": "Bearer " + "a" * 1_000_000}}),
    "bearer of 15 kB": ("/userinfo", {"headers": {"Authorization": "Bearer " + "a." * 7_500}}),
    "basic of a megabyte": ("/token", {"headers": {"Authorization": "Basic " + "QUFB" * 250_000}}),
    "token of 60 kB": ("/introspect", {"data": {"token": "a.b." + "c" * 30_000}}),
    "assertion of 30 kB": (
        "/token",
        {"data": {"client_assertion": "e30." * 8_000, "client_assertion_type": ASSERTION_TYPE}},
    ),
    "verifier of 30 kB": (
        "/token",
        {"data": {"grant_type": "authorization_code", "code": "c", "code_verifier": "v" * 30_000}},
    ),
    "code of 30 kB": ("/token", {"data": {"grant_type": "authorization_code", "code": "c" * 30_000}}),
    "deep assertion": (
        "/token",
        {
            "data": {
                "client_assertion": unsigned({"alg": "ES256"}, b'{"sub":' + b"[" * 5000 + b"]" * 5000 + b"}", "AA"),
                "client_assertion_type": ASSERTION_TYPE,
            }
        },
    ),
    "user agent of 50 kB": ("/authorize", {"headers": {"User-Agent": "x" * 50_000}}),
    "language of 50 kB": ("/signed-out", {"headers": {"Accept-Language": "en;q=0.1," * 5_000}}),
    "logout state of 30 kB": ("/end-session", {"data": {"state": "s" * 30_000, "id_token_hint": "x"}}),
    "hint of 15 kB": ("/end-session", {"query_string": {"id_token_hint": "a.b." + "c" * 15_000}}),
}


@pytest.mark.parametrize("what", SIZES)
def test_too_much_is_refused_at_once(service: Service, app: App, what: str, caplog: pytest.LogCaptureFixture) -> None:
    """A 4xx (or a page) within a moment, and no long line in the log (T61)."""
    path, sent = SIZES[what]
    client = Client(service.front)
    data = sent.get("data")
    if data is not None:
        data = urlencode({"client_id": "app", **data}).encode()
    options = {**sent, "data": data, "content_type": FORM}
    begun = process_time()
    with caplog.at_level(logging.DEBUG):
        method = "POST" if data is not None or path == "/token" else "GET"
        response = client.open(path, method=method, base_url=ADDRESS, **options)
    assert process_time() - begun < SOON * SLOW_MACHINE
    assert response.status_code < 500
    assert max((len(record.getMessage()) for record in caplog.records), default=0) < 2_000


@pytest.mark.parametrize("token", [
    unsigned({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2**31, "p2s": "AAAA"}, b"x", "AA") + ".AA.AA",
    unsigned({"alg": "dir", "enc": "A128GCM", "zip": "DEF"}, b"", "AAAA") + ".AAAA.AAAA",
    "a.b.c.d.e",
    unsigned({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "one"}, b"x" * 300, "AA") + ".AA.AA",
])  # fmt: skip
def test_encrypted_tokens_are_taken_nowhere(service: Service, app: App, token: str) -> None:
    """No key derivation of a stranger's choosing, no decompression (T62)."""
    begun = process_time()
    assert "invalid_token" == outcome(app.userinfo(token))
    assert {"active": False} == app.introspect(token)
    assert "invalid_request" == outcome(app.ask(Browser(service), id_token_hint=token))
    form = {"grant_type": "client_credentials", "client_assertion": token, "client_assertion_type": ASSERTION_TYPE}
    assert "invalid_client" == outcome(Browser(service).post("/token", form))
    assert process_time() - begun < SOON * SLOW_MACHINE


@pytest.mark.parametrize("encoding", ["chunked", "gzip, chunked", "identity", "xchunked", "Chunked"])
@pytest.mark.parametrize("path", ["/token", "/sign-in"])
def test_a_transfer_encoding_is_refused(app: App, path: str, encoding: str) -> None:
    """One reading of where a request ends, for proxy and server alike (T94)."""
    response = Client(app.service.front).post(
        path, base_url=ADDRESS, data="a=b", content_type=FORM, environ_overrides={"HTTP_TRANSFER_ENCODING": encoding}
    )
    assert 400 == response.status_code


@pytest.mark.parametrize("length", ["-1", "+3", "3, 3", "0x3", "3.0", "\uff11", "9" * 40, " 3"])
def test_a_strange_length_is_refused(app: App, length: str) -> None:
    """Content-Length is digits."""
    response = Client(app.service.front).post(
        "/token", base_url=ADDRESS, data="a=b", content_type=FORM, environ_overrides={"CONTENT_LENGTH": length}
    )
    assert response.status_code in {400, 413}
