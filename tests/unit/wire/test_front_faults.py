"""What goes wrong behind the front, and what is counted and logged of it."""

import logging

import orjson
import pytest

from idp.wire.errors import Refusal
from idp.wire.forms import parse_form
from idp.wire.front import Front
from idp.wire.messages import Request, Response, json_response
from idp.wire.routes import Handler
from tests.unit.wire.asking import Seen, ask, environ, make_front


def raising(error: Exception) -> Handler:
    """Make a handler that raises."""

    def handler(_: Request) -> Response:
        raise error

    return handler


def test_a_fault_becomes_an_answer_with_a_reference(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    """The log has one line under the reference that the app is told, with types and places, and no value."""

    def fail(_: Request) -> Response:
        raise ValueError("canary-2") from KeyError("canary-1")

    seen.answer = fail
    answer = ask(make_front(seen), environ("POST", "/token", b"client_secret=canary-3", HTTP_COOKIE="canary-4"))

    reference = answer.headers["x-request-id"]
    told = orjson.loads(answer.body)
    assert (500, "server_error") == (answer.status, told["error"])
    assert told["error_description"].endswith(reference)
    assert [logging.ERROR] == [record.levelno for record in caplog.records]
    assert reference in caplog.text
    assert "builtins.ValueError at test_front_faults.py" in caplog.text
    assert "caused by builtins.KeyError" in caplog.text
    assert "canary" not in caplog.text + repr(told)


def test_a_very_deep_fault_makes_a_short_line(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    """T61: a log line stays below 2 kB."""

    def deep(request: Request) -> Response:
        return deep(request)

    seen.answer = deep
    assert 500 == ask(make_front(seen), environ("POST", "/token", b"")).status
    assert len(caplog.records[0].getMessage()) < 2000


class Unavailable(Exception):
    """Stands for a store that is down."""


def translate(error: Exception) -> Response | None:
    """Write what this test's chapters raise."""
    if isinstance(error, Unavailable):
        return json_response(503, {"error": "temporarily_unavailable"}, [("Retry-After", "5")])
    if isinstance(error, Refusal):
        return json_response(error.status, {"error": error.error})
    return None


def test_expected_exceptions_are_translated(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    """A store that is down is 503 with Retry-After, a refusal its own status; neither is a fault to log."""
    front = make_front(seen, translate=translate)
    seen.answer = raising(Unavailable())
    unavailable = ask(front, environ("POST", "/token", b""))
    seen.answer = raising(Refusal("invalid_grant", status=400))
    refused = ask(front, environ("POST", "/token", b""))
    seen.answer = raising(LookupError())
    failed = ask(front, environ("POST", "/token", b""))

    assert (503, "5") == (unavailable.status, unavailable.headers["retry-after"])
    assert (400, {"error": "invalid_grant"}) == (refused.status, orjson.loads(refused.body))
    assert 500 == failed.status
    assert 1 == len(caplog.records)


def test_a_fault_in_translating_is_a_fault(seen: Seen) -> None:
    """Whoever writes errors may fail, or write a header that splits; the app still gets an answer."""

    def broken(_: Exception) -> Response:
        raise RuntimeError

    def splitting(_: Exception) -> Response:
        return json_response(400, {}, [("X-Thing", "a\r\nSet-Cookie: b=c")])

    seen.answer = raising(LookupError())
    assert 500 == ask(make_front(seen, translate=broken), environ("POST", "/token", b"")).status
    answer = ask(make_front(seen, translate=splitting), environ("POST", "/token", b""))
    assert (500, False) == (answer.status, "x-thing" in answer.headers)


def test_a_malformed_form_is_the_clients_fault(front: Front, seen: Seen) -> None:
    """An endpoint may let MalformedForm and HeaderTooLarge pass: the front knows how to write them."""
    seen.answer = lambda request: json_response(200, dict(parse_form(request.body, request.content_type)))
    malformed = ask(front, environ("POST", "/token", b"a=%"))
    seen.answer = lambda request: json_response(200, {"a": request.authorization})
    oversize = ask(front, environ("POST", "/token", b"", HTTP_AUTHORIZATION="Bearer " + "x" * 20_000))

    assert (400, "invalid_request") == (malformed.status, orjson.loads(malformed.body)["error"])
    assert (431, "invalid_request") == (oversize.status, orjson.loads(oversize.body)["error"])


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b=c", "a\nb", "\x00", "é", "\x7f"])
def test_no_header_is_split(front: Front, seen: Seen, value: str) -> None:
    """A handler that put a client's text into a header gets caught here."""
    seen.answer = lambda _: json_response(401, {}, [("WWW-Authenticate", value)])
    answer = ask(front, environ("POST", "/token", b""))

    assert (500, False) == (answer.status, "www-authenticate" in answer.headers)


def test_every_answer_is_counted(seen: Seen) -> None:
    """Route, status and seconds; pages under one name, since their paths may be secret."""
    counted: list[tuple[str, int, bool]] = []
    front = make_front(seen, observe=lambda route, status, seconds: counted.append((route, status, 0 <= seconds < 5)))
    for request in (
        environ("POST", "/token", b""),
        environ("GET", "/token"),
        environ("GET", "/jwks", HTTP_IF_NONE_MATCH="*"),
        environ("GET", "/reset-password/canary"),
        environ("GET", "/canary", HTTP_HOST="evil.example"),
    ):
        ask(front, request)

    assert [
        ("/token", 200, True),
        ("/token", 405, True),
        ("/jwks", 304, True),
        ("pages", 200, True),
        ("pages", 421, True),
    ] == counted


def test_a_fault_in_counting_costs_nobody_the_answer(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    """The observer is told that it failed; the app is not."""

    def observe(_route: str, _status: int, _seconds: float) -> None:
        raise OSError

    assert 200 == ask(make_front(seen, observe=observe), environ("POST", "/token", b"")).status
    assert "counting failed" in caplog.text


def test_successes_are_not_logged(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    """Neither successes nor refusals: counting them is enough."""
    caplog.set_level(logging.DEBUG)
    ask(front, environ("POST", "/token", b""))
    ask(front, environ("GET", "/jwks"))
    ask(front, environ("GET", "/sign-in", HTTP_HOST="evil.example"))

    assert [] == caplog.records
