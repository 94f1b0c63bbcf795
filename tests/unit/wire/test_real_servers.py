"""The front on real servers, asked over raw sockets: smuggling, forged headers, slow and broken bodies.

granian lets much of this through to us, gunicorn refuses most of it by itself; either way nothing gets past the front.
"""

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from tests.support.processes import free_port, start, stop

ROOT = Path(__file__).parents[3]
HOST = b"Host: login.example.com\r\n"
CLOSE = b"Connection: close\r\n"
SMUGGLED = b"GET /see HTTP/1.1\r\n" + HOST + b"\r\n"
COMMANDS = {
    "granian": ["granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "8", "--host", "127.0.0.1"],
    "gunicorn": ["gunicorn", "--no-control-socket", "--worker-class", "gthread", "--threads", "8"],
}


class Server(NamedTuple):
    """A server that is up."""

    name: str
    port: int

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """Open a connection, from another loopback address if told to."""
        return socket.create_connection(("127.0.0.1", self.port), 5, source_address=(source, 0))

    def exchange(self, *pieces: bytes, source: str = "127.0.0.1") -> "Exchange":
        """Send bytes, and read what comes."""
        with self.connect(source) as connection:
            for piece in pieces:
                with suppress(ConnectionError):
                    connection.sendall(piece)
            return Exchange(read_all(connection))


class Exchange(NamedTuple):
    """What came back on one connection."""

    raw: bytes

    @property
    def statuses(self) -> list[int]:
        """The status of each answer."""
        return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", self.raw)]

    @property
    def told(self) -> dict[str, Any]:
        """The JSON of a single answer."""
        told: dict[str, Any] = orjson.loads(self.raw.partition(b"\r\n\r\n")[2])
        return told

    @property
    def head(self) -> str:
        """The status line and the headers, in lower case."""
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").lower()


def read_all(connection: socket.socket) -> bytes:
    """Read until the peer closes, or has said something and then nothing more for a while."""
    connection.settimeout(10)
    received = b""
    with suppress(TimeoutError, ConnectionError):
        while piece := connection.recv(65_536):
            received += piece
            connection.settimeout(0.5)
    return received


@pytest.fixture(scope="module", params=COMMANDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give each server in turn, on a free loopback port."""
    name = request.param
    port = free_port()
    where = ["--port", str(port)] if name == "granian" else ["--bind", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", *COMMANDS[name], *where, "tests.unit.wire.served:application"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "IDP_CANARY": "canary"}
    log = tmp_path_factory.mktemp("servers") / f"{name}.log"
    process = start(command, folder=ROOT, log=log, environment=environment)
    try:
        yield wait_for(Server(name, port), log)
    finally:
        stop(process, signal.SIGTERM)


def wait_for(server: Server, log: Path) -> Server:
    """Wait until the server answers."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(OSError):
            if [200] == server.exchange(get("/jwks")).statuses:
                return server
        time.sleep(0.05)
    pytest.fail(f"{server.name} did not start: {log.read_text()[-2000:]}")


def get(path: str, *headers: bytes, host: bytes = HOST) -> bytes:
    """Make a GET."""
    return b"GET " + path.encode() + b" HTTP/1.1\r\n" + host + CLOSE + b"".join(f + b"\r\n" for f in headers) + b"\r\n"


def post(*headers: bytes, body: bytes = b"", path: bytes = b"/see") -> bytes:
    """Make a POST with the headers given, right or wrong, that keeps the connection."""
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"".join(f + b"\r\n" for f in headers) + b"\r\n" + body


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
LATE = b"0\r\n\r\n" + SMUGGLED

FRAMES = {
    "length and chunks": post(b"Content-Length: %d" % len(LATE), b"Transfer-Encoding: chunked", body=LATE),
    "chunks and length": post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=CHUNKED),
    "chunks": post(b"Transfer-Encoding: chunked", body=CHUNKED),
    "chunks for a page": post(b"Transfer-Encoding: chunked", body=CHUNKED, path=b"/sign-in"),
    "chunks twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=CHUNKED),
    "chunks and identity": post(b"Transfer-Encoding: chunked, identity", b"Content-Length: 5", body=LATE),
    "identity": post(b"Transfer-Encoding: identity", b"Content-Length: 5", body=LATE),
    "unknown coding": post(b"Transfer-Encoding: xchunked", b"Content-Length: 5", body=LATE),
    "tab": post(b"Transfer-Encoding:\tchunked", b"Content-Length: 5", body=LATE),
    "space before the colon": post(b"Transfer-Encoding : chunked", b"Content-Length: 5", body=LATE),
    "folded": post(b"Transfer-Encoding:\r\n chunked", b"Content-Length: 5", body=LATE),
    "in quotes": post(b'Transfer-Encoding: "chunked"', b"Content-Length: 5", body=LATE),
    "two lengths": post(b"Content-Length: 0", b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED),
    "list of lengths": post(b"Content-Length: 0, %d" % len(SMUGGLED), body=SMUGGLED),
    "signed length": post(b"Content-Length: +3", body=b"a=1"),
    "negative length": post(b"Content-Length: -3", body=b"a=1"),
    "hexadecimal length": post(b"Content-Length: 0x3", body=b"a=1"),
    "no length": post(body=SMUGGLED.replace(b"GET", b"G@T")),
    "too long": post(b"Content-Length: 70000", body=SMUGGLED.ljust(70_000, b"x")),
    "too long for a page": post(b"Content-Length: 70000", body=SMUGGLED.ljust(70_000, b"x"), path=b"/sign-in"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_nothing_is_smuggled(server: Server, name: str) -> None:
    """T94: whatever the framing, the body is never taken for a request, and its bearer is refused."""
    statuses = server.exchange(FRAMES[name]).statuses

    assert statuses
    assert {400, 411, 413, 501}.issuperset(statuses)
    # "no length" and its kin: the bytes behind are a request of their own, and a broken one.
    assert len(statuses) <= (2 if name == "no length" else 1)


def test_a_folded_name_is_no_transfer_encoding_for_anyone(server: Server) -> None:
    """Granian takes Transfer_Encoding for the real one, and we refuse it; gunicorn drops such names."""
    statuses = server.exchange(
        post(b"Transfer_Encoding: chunked", b"Content-Length: 3", CLOSE[:-2], body=b"a=1")
    ).statuses

    assert {"granian": [400], "gunicorn": [200]}[server.name] == statuses


@pytest.mark.parametrize(
    "hosts",
    [
        HOST + b"Host: evil.example\r\n",
        b"Host: evil.example\r\n" + HOST,
        HOST + HOST,
        b"",
        b"Host:\r\n",
        b"Host: login.example.com, evil.example\r\n",
        b"Host: login.example.com evil.example\r\n",
        b"Host: evil@login.example.com\r\n",
        b"Host: login.ex\xc3\xa4mple.com\r\n",
    ],
)
@pytest.mark.parametrize("path", ["/jwks", "/sign-in"])
def test_a_request_names_one_host(server: Server, hosts: bytes, path: str) -> None:
    """Two hosts, none, or something else: 400."""
    assert [400] == server.exchange(get(path, host=hosts)).statuses


@pytest.mark.parametrize(
    "extra",
    [b"X-Forwarded-Host: login.example.com", b"Forwarded: host=login.example.com", b"X-Host: login.example.com"],
)
def test_a_host_cannot_be_forged(server: Server, extra: bytes) -> None:
    """T80: another host is 421 whatever stands beside it."""
    assert [421] == server.exchange(get("/jwks", extra, host=b"Host: evil.example\r\n")).statuses


def test_an_absolute_target_changes_no_host(server: Server) -> None:
    """What a page hears is the configured host."""
    assert "login.example.com" == server.exchange(get("http://evil.example/sign-in")).told["host"]


@pytest.mark.parametrize("path", ["/see", "/sign-in"])
def test_an_address_cannot_be_forged(server: Server, path: str) -> None:
    """T81: X-Forwarded-For in every spelling changes nothing, nor does Forwarded from a peer that is no proxy."""
    forged = [
        *(b"X-Forwarded-For: 6.6.6.6", b"X_Forwarded_For: 6.6.6.6", b"X-Forwarded_For: 6.6.6.6", b"X-Real-IP: 6.6.6.6"),
        *(b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: on", b"REMOTE_ADDR: 6.6.6.6", b"X-Forwarded: for=6.6.6.6"),
    ]
    stranger = server.exchange(get(path, *forged, b"Forwarded: for=6.6.6.6;proto=https"), source="127.0.0.2").told
    proxy = server.exchange(get(path, *forged)).told

    assert ("127.0.0.2", "http") == (stranger["address"], stranger["scheme"])
    assert ("127.0.0.1", "http") == (proxy["address"], proxy["scheme"])
    assert not [
        name for name in proxy.get("headers") or proxy["keys"] if "forwarded" in name.lower() and "idp" not in name
    ]


@pytest.mark.parametrize(
    ("lines", "address", "flaw"),
    [
        ([b'Forwarded: for="[2001:db8::5]:99";proto=https'], "2001:db8::5", ""),
        ([b"Forwarded: for=6.6.6.6;proto=http", b"Forwarded: for=203.0.113.5;proto=https"], "203.0.113.5", ""),
        ([b'Forwarded: for="6.6.6.6', b"Forwarded: for=203.0.113.5;proto=https"], "203.0.113.5", ""),
        ([b"Forwarded: \xff\xfe", b"Forwarded: for=203.0.113.5;proto=https"], "203.0.113.5", ""),
        ([b"Forwarded: 6.6.6.6"], "127.0.0.1", "malformed"),
        ([b"Forwarded: for=unknown"], "127.0.0.1", "hidden"),
        ([], "127.0.0.1", "absent"),
    ],
)
def test_a_trusted_proxy_is_believed(server: Server, lines: list[bytes], address: str, flaw: str) -> None:
    """RFC 7239 over the wire: the last element counts, also when it came as a second line."""
    told = server.exchange(get("/see", *lines)).told

    assert (address, flaw) == (told["address"], told["flaw"])
    assert ("https" if address != "127.0.0.1" else "http") == told["scheme"]


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        (get("/jwks", b"Cookie: " + b"a" * 100_000), {431}),
        (get("/jwks", b"Cookie: " + b"a" * 1_000_000), {431}),
        (get("/sign-in", b"X-Junk: " + b"a" * 100_000), {431}),
        (get("/sign-in", *[b"X-%d: 1" % number for number in range(300)]), {431}),
        (get("/jwks?" + "a" * 20_000), {414}),
        (get("/sign-in?" + "a" * 20_000), {414}),
        (get("/sign-in", b"X-A: a\x00b"), {400}),
        (get("/%00"), {400}),
        (get("/%ff"), {400}),
        (get("/sign-in").replace(b"GET", b"G@T"), {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n", {400}),
        (b"\x00" * 1000 + b"\r\n\r\n", {400}),
    ],
    ids=str,
)
def test_what_is_too_large_or_no_http_is_refused(server: Server, raw: bytes, statuses: set[int]) -> None:
    """T61: quickly, with a status that says why."""
    began = time.monotonic()
    answered = server.exchange(raw).statuses

    assert 1 == len(answered)
    assert statuses.issuperset(answered)
    assert time.monotonic() - began < 5


def test_a_mount_point_cannot_be_forged(server: Server) -> None:
    """Gunicorn lets loopback peers set SCRIPT_NAME, which would shift every path; we refuse that."""
    statuses = server.exchange(get("/see/see", b"SCRIPT_NAME: /see")).statuses

    assert {"granian": [200], "gunicorn": [400]}[server.name] == statuses


def test_a_body_that_breaks_off_is_refused(server: Server) -> None:
    """Half a body, and the line is closed behind it: 400; and the server lives on."""
    with server.connect() as connection:
        connection.sendall(post(b"Content-Length: 10", CLOSE[:-2], body=b"a=1"))
        connection.shutdown(socket.SHUT_WR)
        answer = Exchange(read_all(connection))
    with server.connect() as connection:
        connection.sendall(post(b"Content-Length: 10", CLOSE[:-2], body=b"a=1"))

    assert [400] == answer.statuses
    assert [200] == server.exchange(get("/jwks")).statuses


def test_slow_bodies_leave_room_for_others(server: Server) -> None:
    """F20: whoever drips takes a place of few; the next is told to come back, and documents are answered at once."""
    with ExitStack() as stack:
        slow = [stack.enter_context(server.connect()) for _ in range(2)]
        for connection in slow:
            connection.sendall(post(b"Content-Length: 3", CLOSE[:-2], body=b"a"))
        time.sleep(0.3)
        began = time.monotonic()
        busy = server.exchange(post(b"Content-Length: 3", CLOSE[:-2], body=b"a=1"))
        document = server.exchange(get("/jwks"))
        waited = time.monotonic() - began
        for connection in slow:
            connection.sendall(b"=1")
        answers = [Exchange(read_all(connection)).statuses for connection in slow]

    assert ([503], [200]) == (busy.statuses, document.statuses)
    assert "retry-after: 1" in busy.head
    assert waited < 5
    assert [[200], [200]] == answers


def test_connections_are_kept(server: Server) -> None:
    """Two requests on one connection are two answers, also where a body was not wanted."""
    first = post(b"Content-Length: 3", body=b"a=1", path=b"/jwks")

    assert [405, 200, 200] == server.exchange(first, post(b"Content-Length: 3", body=b"a=1"), get("/sign-in")).statuses


def test_answers_without_a_body_have_none(server: Server) -> None:
    """HEAD has the length of its GET; 204 and 304 have none."""
    etag = re.search(rb"(?i)etag: (\S+)", server.exchange(get("/jwks")).raw)
    assert etag is not None
    head = server.exchange(get("/jwks").replace(b"GET", b"HEAD"))
    held = server.exchange(get("/jwks", b"If-None-Match: " + etag[1]))
    options = server.exchange(get("/see").replace(b"GET", b"OPTIONS"))

    assert ([200], [304], [204]) == (head.statuses, held.statuses, options.statuses)
    assert "content-length: 11" in head.head
    assert all(answer.raw.endswith(b"\r\n\r\n") for answer in (head, held, options))


def test_our_own_environment_reaches_no_page(server: Server) -> None:
    """Granian puts os.environ into every request; secrets of the deployment stand there."""
    keys = server.exchange(get("/sign-in")).told["keys"]

    assert {"IDP_CANARY", "PATH", "PYTHONPATH", "RAW_URI"}.isdisjoint(keys)
