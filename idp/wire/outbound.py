"""The one way out: requests to addresses that somebody registered, to public addresses only.

The host is resolved once, every address it has must be globally reachable (or stand in the operator's exceptions), and
the connection goes to one of the very addresses that were checked, so that a second DNS answer changes nothing. No
redirects are followed; time and size are bounded as a whole, however slowly the bytes drip. Exceptions
(`IDP_OUTBOUND_ALLOW`) are "host" or "host:port" and exist for tests and private nets.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Timer
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 5.0
"""From the first octet sent to the last one received, TLS included."""
MAX_BYTES = 256 * 1024
JSON_WANTED: Final[Mapping[str, str]] = MappingProxyType({"Accept": "application/json"})
_INNER = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("fec0::/10"))
"""Inside a network by their own standards, RFC 8215 and RFC 3879, which `is_global` does not know everywhere."""
_CARRYING = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


class OutboundRefused(Exception):
    """The address may not be fetched, or did not answer as it should; the text says why."""


class NoWholeAnswer(OutboundRefused):
    """The request may have been taken in: the connection broke, or the time was up, before the answer was whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status of HTTP, and a body of at most 256 KiB."""

    status: int
    body: bytes = field(repr=False)


class Outbound:
    """Speaks to servers outside; `seconds` bounds a whole exchange."""

    def __init__(self, allowed: Iterable[str] = (), *, seconds: float = TOTAL_SECONDS) -> None:
        self._allowed = frozenset(allowed)
        self._seconds = seconds

    def fetch(self, uri: str, headers: Mapping[str, str] = JSON_WANTED) -> bytes:
        """Give the body of a 200 answer to GET with these headers, at most 256 KiB.

        Raises:
            OutboundRefused: not https, not public, not reachable, not 200, too large or too slow.
        """
        answer = self._exchange(uri, "GET", None, headers)
        if answer.status != http.client.OK:
            raise OutboundRefused(f"{urlsplit(uri).hostname} answered {answer.status}")
        return answer.body

    def post(self, uri: str, body: bytes, *, headers: Mapping[str, str]) -> Answer:
        """Send a body by POST and give the answer, whatever its status; `headers` hold its Content-Type.

        Raises:
            NoWholeAnswer: it may have arrived all the same.
            OutboundRefused: not https, not public, not reachable; nothing was sent.
        """
        return self._exchange(uri, "POST", body, headers)

    def _exchange(self, uri: str, method: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        parts = _split(uri)
        port = self._port(parts)
        addresses = self._addresses(parts, port)
        try:
            return self._ask(_Request(parts, method, body, headers), addresses, port)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise OutboundRefused(f"{parts.hostname}: {type(error).__name__}") from error

    def _port(self, parts: SplitResult) -> int:
        try:
            port = parts.port
        except ValueError as error:
            raise OutboundRefused("the port is not a number") from error
        if parts.scheme not in {"https", "http"} or not parts.hostname or "@" in parts.netloc:
            raise OutboundRefused("not a web address")
        resolved = port or (443 if parts.scheme == "https" else 80)
        if parts.scheme == "http" and not self._excepted(parts.hostname, resolved):
            raise OutboundRefused("http is not allowed")
        return resolved

    def _excepted(self, host: str, port: int) -> bool:
        return host in self._allowed or f"{host}:{port}" in self._allowed

    def _addresses(self, parts: SplitResult, port: int) -> Sequence[str]:
        """Resolve once; in the resolver's order, since it knows which protocols this machine speaks."""
        host = str(parts.hostname)
        try:
            found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            raise OutboundRefused(f"{host} cannot be resolved") from error
        if not self._excepted(host, port) and not all(map(_is_public, found)):
            raise OutboundRefused(f"{host} is not a public address")
        return tuple(dict.fromkeys(found))

    def _ask(self, request: _Request, addresses: Sequence[str], port: int) -> Answer:
        host = str(request.parts.hostname)
        connection = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        connection.sock = _first_that_connects(addresses, port)
        try:
            if request.parts.scheme == "https":
                connection.sock = _in_tls(connection.sock, host)
            with _cut_after(self._seconds, connection.sock):
                if isinstance(connection.sock, ssl.SSLSocket):
                    connection.sock.do_handshake()
                return _answer(connection, request)
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked of the server at the parts of an address."""

    parts: SplitResult
    method: str
    body: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError as error:
        raise OutboundRefused("not an address") from error


def _is_public(address: str) -> bool:
    """Whether anybody could reach it; an IPv4 address that travels inside an IPv6 one counts as itself."""
    found = ipaddress.ip_address(address.partition("%")[0])
    carried = _carried(found) if isinstance(found, ipaddress.IPv6Address) else None
    inner = any(found in prefix for prefix in _INNER)
    return found.is_global and not (found.is_multicast or inner) and (carried is None or carried.is_global)


def _carried(found: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that a mapped, 6to4, NAT64 (RFC 6052) or IPv4-compatible address leads to."""
    if any(found in prefix for prefix in _CARRYING):
        return ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
    return found.ipv4_mapped or found.sixtofour


def _first_that_connects(addresses: Sequence[str], port: int) -> socket.socket:
    """Open a connection to one of the checked addresses; the last one's failure counts."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=CONNECT_SECONDS)
    return socket.create_connection((addresses[-1], port), timeout=CONNECT_SECONDS)


def _in_tls(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """Prepare TLS, which names and verifies the host, not the address."""
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)


@contextmanager
def _cut_after(seconds: float, connected: socket.socket) -> Iterator[None]:
    """Cut the connection when the time is up: a socket's own timeout begins anew with every octet."""
    expired = Event()
    timer = Timer(seconds, _cut, (connected, expired))
    timer.daemon = True
    timer.start()
    try:
        yield
        if expired.is_set():
            raise NoWholeAnswer(f"no whole answer within {seconds} seconds")
    finally:
        timer.cancel()


def _cut(connected: socket.socket, expired: Event) -> None:
    expired.set()
    with suppress(OSError):
        # Not SSLSocket's own, which would take the TLS state away from the thread that is reading.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _answer(connection: http.client.HTTPConnection, request: _Request) -> Answer:
    parts = request.parts
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(request.method, target, request.body, {"Host": parts.netloc, **request.headers})
        response = connection.getresponse()
        body = response.read(MAX_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NoWholeAnswer(f"{parts.hostname}: {type(error).__name__}") from error
    if len(body) > MAX_BYTES:
        raise NoWholeAnswer(f"{parts.hostname} answered more than {MAX_BYTES} bytes")
    return Answer(response.status, body)
