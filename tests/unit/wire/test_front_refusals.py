"""What the front refuses before anybody reads it."""

import io
import threading
from typing import Any

import pytest

from idp.wire.front import Front
from tests.unit.wire.asking import Seen, ask, environ, make_front

PATHS = ["/token", "/jwks", "/sign-in"]


class Stream(io.RawIOBase):
    """A body whose reading goes wrong, or comes in pieces."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        super().__init__()
        self.pieces = list(pieces)
        self.asked = 0

    def read(self, size: int = -1) -> bytes:
        """Give the next piece."""
        self.asked += 1
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece[:size]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"HTTP_HOST": None}, 400),
        ({"HTTP_HOST": ""}, 400),
        ({"HTTP_HOST": "login.example.com,evil.example"}, 400),
        ({"HTTP_HOST": "login.example.com login.example.com"}, 400),
        ({"HTTP_HOST": "evil.example"}, 421),
        ({"HTTP_HOST": "evil.example", "HTTP_X_FORWARDED_HOST": "login.example.com"}, 421),
        ({"HTTP_HOST": "evil.example", "HTTP_FORWARDED": "for=203.0.113.5;host=login.example.com"}, 421),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 400),
        ({"HTTP_TRANSFER_ENCODING": ""}, 400),
        ({"HTTP_TRANSFER_ENCODING": "identity", "CONTENT_LENGTH": "0"}, 400),
        ({"SCRIPT_NAME": "/mount"}, 400),
        ({"QUERY_STRING": "a" * (16 * 1024 + 1)}, 414),
        ({"HTTP_COOKIE": "a" * 1_000_000}, 431),
    ],
)
def test_a_request_that_two_could_read_differently_is_refused(
    front: Front, seen: Seen, path: str, changes: dict[str, Any], status: int
) -> None:
    """T80, T94, T61: endpoints, documents and pages alike; nothing behind the front sees it."""
    answer = ask(front, environ("GET" if path != "/token" else "POST", path, **changes))

    assert status == answer.status
    assert ([], []) == (seen.requests, seen.environs)
    assert "no-store" == answer.headers["cache-control"]
    assert b"evil" not in answer.body


@pytest.mark.parametrize("path", ["/token", "/sign-in"])
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"CONTENT_LENGTH": None}, 411),
        ({"CONTENT_LENGTH": ""}, 411),
        ({"CONTENT_LENGTH": "65537"}, 413),
        ({"CONTENT_LENGTH": "9" * 12}, 413),
        ({"CONTENT_LENGTH": "9" * 5000}, 400),
        ({"CONTENT_LENGTH": "-1"}, 400),
        ({"CONTENT_LENGTH": "+3"}, 400),
        ({"CONTENT_LENGTH": " 3"}, 400),
        ({"CONTENT_LENGTH": "3, 3"}, 400),
        ({"CONTENT_LENGTH": "3.0"}, 400),
        ({"CONTENT_LENGTH": "0x3"}, 400),
        ({"CONTENT_LENGTH": "1_0"}, 400),
        ({"CONTENT_LENGTH": "\u0663"}, 400),
        ({"CONTENT_LENGTH": "\u00b3"}, 400),
        ({"CONTENT_LENGTH": "4"}, 400),
        ({"wsgi.input": Stream()}, 400),
        ({"wsgi.input": Stream(OSError("reset"))}, 400),
        ({"wsgi.input": Stream(b"a", RuntimeError("the server's own"))}, 400),
        ({"wsgi.input": None}, 400),
    ],
)
def test_a_body_is_as_long_as_it_says(
    front: Front, seen: Seen, path: str, changes: dict[str, Any], status: int
) -> None:
    """Without a length 411, beyond the limit 413, cut short or mis-stated 400."""
    answer = ask(front, environ("POST", path, b"a=1", **changes))

    assert status == answer.status
    assert ([], []) == (seen.requests, seen.environs)


def test_a_body_may_come_in_pieces(front: Front, seen: Seen) -> None:
    """A stream may give less than it was asked for, until it has given all."""
    ask(front, environ("POST", "/token", b"a=12345", **{"wsgi.input": Stream(b"a=", b"123", b"45")}))

    assert [b"a=12345"] == [request.body for request in seen.requests]


def test_a_body_that_is_refused_is_not_read(front: Front) -> None:
    """Neither an oversize body, nor that of a request for another host, nor one that no endpoint takes."""
    stream = Stream(b"x" * 70_000)
    for request in (
        environ("POST", "/token", b"x" * 70_000),
        environ("POST", "/token", b"x", HTTP_HOST="evil.example"),
        environ("PUT", "/token", b"x"),
        environ("GET", "/userinfo", b"x"),
        environ("GET", "/sign-in", b"x"),
    ):
        ask(front, request | {"wsgi.input": stream})

    assert 0 == stream.asked


def test_the_largest_body_is_taken(front: Front, seen: Seen) -> None:
    """64 KiB, to the byte."""
    assert 200 == ask(front, environ("POST", "/token", b"x" * 65_536)).status
    assert 65_536 == len(seen.requests[0].body)


def test_one_address_leaves_room_for_others(seen: Seen) -> None:
    """F20: the slow bodies of one address take a third of the places; everybody else's are read meanwhile."""
    front = make_front(seen, body_readers=6)
    arrived, end = threading.Barrier(3), threading.Event()

    class Slow(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            arrived.wait(10)
            end.wait(10)
            return b"x"[:size]

    def post(address: str, **changes: object) -> int:
        return ask(front, environ("POST", "/token", b"x", REMOTE_ADDR=address, **changes)).status

    slow = [
        threading.Thread(target=post, args=(f"2001:db8::{number}",), kwargs={"wsgi.input": Slow()})
        for number in range(2)
    ]
    for thread in slow:
        thread.start()
    arrived.wait(10)
    answers = [post("2001:db8::3"), post("2001:db8:1::3"), post("198.51.100.7")]
    end.set()
    for thread in slow:
        thread.join(10)
    assert [503, 200, 200] == answers
    assert 200 == post("2001:db8::3")


def test_slow_bodies_leave_room_for_others(seen: Seen) -> None:
    """F20: with every reader waiting for a slow client, the next is told to come back; documents are answered."""
    front = make_front(seen, body_readers=2)
    arrived, end = threading.Barrier(3), threading.Event()

    class Slow(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            arrived.wait(10)
            end.wait(10)
            return b"x"[:size]

    def slow() -> None:
        ask(front, environ("POST", "/token", b"x", **{"wsgi.input": Slow()}))

    slow_ones = [threading.Thread(target=slow) for _ in range(2)]
    for thread in slow_ones:
        thread.start()
    arrived.wait(10)
    busy, busy_page = ask(front, environ("POST", "/token", b"x")), ask(front, environ("POST", "/sign-in", b"x"))
    document, empty = ask(front, environ("GET", "/jwks")), ask(front, environ("POST", "/token", b""))
    end.set()
    for thread in slow_ones:
        thread.join(10)

    assert [(503, "1"), (503, "1")] == [(answer.status, answer.headers["retry-after"]) for answer in (busy, busy_page)]
    assert (200, 200) == (document.status, empty.status)
    assert 200 == ask(front, environ("POST", "/token", b"x")).status
