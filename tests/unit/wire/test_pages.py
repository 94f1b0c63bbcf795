"""What pages see of a request, and what becomes of their answers."""

import logging
from collections.abc import Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask, request

from idp.wire.front import Front
from idp.wire.messages import Response, text_response
from tests.unit.wire.asking import Answer, Seen, ask, environ, make_front


def test_pages_see_an_environ_of_ours(front: Front, seen: Seen) -> None:
    """Address, scheme and host are what we found; the body stands in memory; the reference is there to be shown."""
    answer = ask(
        front,
        environ(
            "POST",
            "/sign-in",
            b"user_id=dana",
            REMOTE_ADDR="10.0.0.1",
            HTTP_HOST="LOGIN.example.com:443",
            HTTP_FORWARDED='for="[2001:db8::5]:99";proto=https',
            HTTP_COOKIE="a=b",
        ),
    )

    (given,) = seen.environs
    assert ("2001:db8::5", "https", "login.example.com") == (
        given["REMOTE_ADDR"],
        given["wsgi.url_scheme"],
        given["HTTP_HOST"],
    )
    assert ("2001:db8::5", "") == (given["idp.client_address"], given["idp.forwarding_flaw"])
    assert answer.headers["x-request-id"] == given["idp.request_id"]
    assert b"user_id=dana" == given["wsgi.input"].read()
    assert ("12", "application/x-www-form-urlencoded", "a=b") == (
        given["CONTENT_LENGTH"],
        given["CONTENT_TYPE"],
        given["HTTP_COOKIE"],
    )


@pytest.mark.parametrize("value", ["203.0.113.66", "https", "evil.example"])
def test_pages_see_nothing_that_speaks_for_a_proxy(front: Front, seen: Seen, value: str) -> None:
    """T80, T81: every X-Forwarded variant, Forwarded, and their cousins are gone, as is our own environment."""
    names = [
        *("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO"),
        *("HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX", "HTTP_X_FORWARDED", "HTTP_X_REAL_IP", "HTTP_CLIENT_IP"),
        *("HTTP_X_ORIGINAL_URL", "HTTP_X_REWRITE_URL", "HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_PROXY", "HTTP_VIA"),
        *("HTTP_REMOTE_ADDR", "HTTP_SCRIPT_NAME", "HTTP_PATH_INFO", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE"),
        *("HTTP_TE", "HTTP_UPGRADE", "IDP_DATABASE_URL", "RAW_URI", "REQUEST_URI", "X_FORWARDED_FOR", "REMOTE_USER"),
    ]
    ask(front, environ("GET", "/sign-in", **dict.fromkeys(names, value), HTTP_SEC_FETCH_SITE="none"))

    (given,) = seen.environs
    assert value not in given.values()
    assert "none" == given["HTTP_SEC_FETCH_SITE"]
    assert {"wsgi.input_terminated"}.isdisjoint(given)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "*",
        "sign-in",
        "/\xff",
        "/\xc3",
        "/\x00",
        "/a\x00b",
        "/a\nb",
        "/\x7f",
        "/\xed\xa0\x80",
        "/\u20ac",
        "http://x/",
    ],
)
def test_a_path_that_is_none_is_refused(front: Front, seen: Seen, path: str) -> None:
    """UTF-8 without control characters, starting at the root."""
    assert 400 == ask(front, environ("GET", path)).status
    assert [] == seen.environs


def test_a_path_may_hold_any_letter(front: Front, seen: Seen) -> None:
    """WSGI spells the bytes of UTF-8 as Latin-1."""
    ask(front, environ("GET", "/straße".encode().decode("latin-1")))

    assert "/straße" == seen.environs[0]["PATH_INFO"].encode("latin-1").decode()


def test_headers_are_bounded(front: Front, seen: Seen) -> None:
    """431 beyond a hundred headers, or 64 Ki characters of them."""
    many = {f"HTTP_X_{number}": "1" for number in range(101)}

    assert 431 == ask(front, environ("GET", "/sign-in", **many)).status
    assert 431 == ask(front, environ("GET", "/sign-in", HTTP_ACCEPT="x" * 70_000)).status
    assert [] == seen.environs


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_other_methods_bring_bodies_too(front: Front, seen: Seen, method: str) -> None:
    """The admin API takes them; their length is due as with POST."""
    ask(front, environ(method, "/admin/v1/accounts/1", b"{}"))

    assert 411 == ask(front, environ(method, "/admin/v1/accounts/1")).status
    assert [b"{}"] == [given["wsgi.input"].read() for given in seen.environs]


def test_a_delete_may_do_without_a_body(front: Front, seen: Seen) -> None:
    """With a length it is read, without one there is none."""
    ask(front, environ("DELETE", "/admin/v1/clients/1"))
    ask(front, environ("DELETE", "/admin/v1/clients/1", b"{}"))
    ask(front, environ("GET", "/admin/v1/clients/1", b"{}"))

    assert [b"", b"{}", b""] == [given["wsgi.input"].read() for given in seen.environs]
    assert ["0", "2", "0"] == [given["CONTENT_LENGTH"] for given in seen.environs]


def test_pages_may_be_given_a_larger_limit(seen: Seen) -> None:
    """What operators upload is theirs to bound; the protocol endpoints keep their own."""
    front = make_front(seen, max_page_body=100_000)

    assert 200 == ask(front, environ("POST", "/desk/import", b"x" * 100_000)).status
    assert 413 == ask(front, environ("POST", "/desk/import", b"x" * 100_001)).status
    assert 413 == ask(front, environ("POST", "/token", b"x" * 70_000)).status


def test_answers_of_pages_get_what_they_lack(seen: Seen) -> None:
    """The common headers are added unless the page has its own; the name of the software is taken out."""

    def page(_: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("referrer-policy", "same-origin"), ("SERVER", "x"), ("Set-Cookie", "a=b")])
        return [b""]

    seen.page = page
    headers = ask(make_front(seen), environ("GET", "/sign-in")).headers

    assert "same-origin" == headers["referrer-policy"]
    assert ("nosniff", "a=b") == (headers["x-content-type-options"], headers["set-cookie"])
    assert "server" not in headers


def failing(_: WSGIEnvironment, _start_response: StartResponse) -> list[bytes]:
    """A page that fails before it begins."""
    raise LookupError("canary")


def failing_late(_: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """A page that fails after it began."""
    start_response("200 OK", [("Set-Cookie", "a=canary")])
    raise LookupError("canary")


@pytest.mark.parametrize("page", [failing, failing_late])
def test_a_page_that_fails_is_replaced(seen: Seen, caplog: pytest.LogCaptureFixture, page: WSGIApplication) -> None:
    """The bare error page with the reference; what the page had begun is taken back; one line in the log."""
    seen.page = page
    front = make_front(seen, error_page=lambda reference: text_response(500, f"sorry: {reference}"))
    answer = ask(front, environ("GET", "/reset-password/canary"))

    reference = answer.headers["x-request-id"]
    assert (500, f"sorry: {reference}\n".encode()) == (answer.status, answer.body)
    assert "set-cookie" not in answer.headers
    assert [logging.ERROR] == [record.levelno for record in caplog.records]
    assert reference in caplog.text
    assert "canary" not in caplog.text


def test_an_error_page_that_fails_is_replaced_too(seen: Seen) -> None:
    """At the end stands an answer without any page."""

    def broken(_: str) -> Response:
        raise RuntimeError

    seen.page = failing
    answer = ask(make_front(seen, error_page=broken), environ("GET", "/sign-in"))

    assert (500, "application/json") == (answer.status, answer.headers["content-type"])


def test_a_page_may_stream(seen: Seen) -> None:
    """The body goes through as the page gives it, and is closed by the server."""

    def page(_: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        return iter([b"a", b"b"])

    seen.page = page
    assert b"ab" == ask(make_front(seen), environ("GET", "/desk/export")).body


@pytest.fixture
def flask_front() -> Front:
    """Give a front before a small Flask app that tells what it sees."""
    app = Flask("pages")

    @app.route("/seen", methods=["GET", "POST"])
    def see() -> dict[str, Any]:
        return {
            "url": request.url,
            "address": request.remote_addr,
            "secure": request.is_secure,
            "form": request.form.to_dict(),
            "cookies": dict(request.cookies),
        }

    seen = Seen()
    seen.page = app.wsgi_app
    return make_front(seen)


def test_flask_sees_the_client_and_the_issuer(flask_front: Front) -> None:
    """T80: the address that Flask builds links from is ours, whatever the client sends."""
    told: Answer = ask(
        flask_front,
        environ(
            "POST",
            "/seen",
            b"a=1&b=2",
            REMOTE_ADDR="10.0.0.1",
            HTTP_FORWARDED="for=203.0.113.5;proto=https;host=evil.example",
            HTTP_X_FORWARDED_HOST="evil.example",
            HTTP_X_FORWARDED_FOR="6.6.6.6",
            HTTP_COOKIE="__Host-s=1; =__Host-s=evil",
        ),
    )

    assert 200 == told.status
    assert b'"address":"203.0.113.5"' in told.body
    assert b'"url":"https://login.example.com/seen"' in told.body
    assert b'"secure":true' in told.body
    assert b'"form":{"a":"1","b":"2"}' in told.body
    assert b'"__Host-s":"1"' in told.body


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/seen", 405)])
def test_flask_answers_its_own_errors(flask_front: Front, path: str, status: int) -> None:
    """What Flask refuses passes through, with the common headers."""
    answer = ask(flask_front, environ("DELETE", path))

    assert (status, "nosniff") == (answer.status, answer.headers["x-content-type-options"])
