"""Stolen passwords looked up at a real server that speaks the range format: five digits out, all that begin so back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from hashlib import sha1
from threading import Event

import pytest

from idp.passwords.breached import AT_ONCE, NO_SOURCE, RangeSource, SourceAway
from idp.wire.outbound import Outbound
from tests.protocol.web_server import Page, WebServer, web_server

STOLEN = "eleven stolen lighthouses"
DIGEST = sha1(STOLEN.encode(), usedforsecurity=False).hexdigest().upper()
PATH = f"/range/{DIGEST[:5]}"
OTHERS = "\r\n".join(f"{number:035X}:{number % 3 + 1}" for number in range(500))


@pytest.fixture
def server() -> Iterator[WebServer]:
    """Give a server on loopback that knows one stolen password among others."""
    with web_server() as opened:
        opened.pages[PATH] = Page(f"{OTHERS}\r\n{DIGEST[5:]}:37\r\n".encode())
        yield opened


def source(server: WebServer, *, patience: float = 5.0) -> RangeSource:
    """Ask that server, through the guarded client."""
    outbound = Outbound([f"127.0.0.1:{server.port}"], seconds=30.0)
    return RangeSource(server.address("/range"), outbound.fetch, patience=patience)


def test_a_stolen_one_is_known(server: WebServer) -> None:
    """By five digits of its digest, and nothing else leaves the house."""
    assert source(server).holds(STOLEN)
    assert [PATH] == server.hits


def test_another_one_is_not(server: WebServer) -> None:
    """Although its digest begins alike, or does not."""
    server.pages[PATH] = Page(OTHERS.encode())
    assert not source(server).look_up(STOLEN)


def test_padding_counts_for_nothing(server: WebServer) -> None:
    """Entries that were counted zero times are there to hide the length of the answer."""
    server.pages[PATH] = Page(f"{OTHERS}\r\n{DIGEST[5:]}:0".encode())
    assert not source(server).look_up(STOLEN)


@pytest.mark.parametrize(
    "page",
    [
        Page(status=404),
        Page(status=500),
        Page(status=302, headers={"Location": "/elsewhere"}),
        Page(b"<html>not found</html>"),
        Page(b"\xff\xfe"),
        Page(f"{DIGEST[5:]}:many".encode()),
        Page(b"x" * 300_000),
    ],
)
def test_a_service_that_is_broken_stops_nobody(server: WebServer, page: Page, caplog: pytest.LogCaptureFixture) -> None:
    """It counts as away; the log says so, and nothing of the password."""
    server.pages[PATH] = page
    with caplog.at_level(logging.DEBUG):
        assert not source(server).holds(STOLEN)
    assert "cannot be looked up" in caplog.text
    assert not any(secret in caplog.text for secret in (STOLEN, DIGEST[:5], DIGEST[5:]))


def test_a_service_that_is_gone_stops_nobody() -> None:
    """Nobody listens."""
    with web_server() as gone:
        asked = source(gone)
    with pytest.raises(SourceAway):
        asked.look_up(STOLEN)
    assert not asked.holds(STOLEN)


def test_a_slow_service_is_not_waited_for(server: WebServer) -> None:
    """The answer would come when the gate opens; the question is given up before."""
    gate = Event()
    server.pages[PATH] = Page(f"{DIGEST[5:]}:1".encode(), gate=gate)
    try:
        with pytest.raises(SourceAway, match="within"):
            source(server, patience=0.2).look_up(STOLEN)
    finally:
        gate.set()


def test_so_many_questions_and_no_more(server: WebServer) -> None:
    """A service that hangs holds a handful of threads, not all of them."""
    gate = Event()
    server.pages[PATH] = Page(f"{DIGEST[5:]}:1".encode(), gate=gate)
    asked = source(server, patience=0.05)
    try:
        for _ in range(AT_ONCE):
            with pytest.raises(SourceAway, match="within"):
                asked.look_up(STOLEN)
        with pytest.raises(SourceAway, match="too many"):
            asked.look_up(STOLEN)
    finally:
        gate.set()


def test_without_a_service_nothing_is_known() -> None:
    """The default asks nobody."""
    assert not NO_SOURCE.holds(STOLEN)
