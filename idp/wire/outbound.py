"""The one way out: fetches of addresses that somebody registered, to public addresses only.

The host is resolved once, every address it has must be globally reachable (or stand in the operator's exceptions), and
the connection goes to the very address that was checked, so that a second DNS answer changes nothing. No redirects are
followed; time and size are bounded. Exceptions (`IDP_OUTBOUND_ALLOW`) are "host" or "host:port" and exist for tests
and private nets.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 3.0
MAX_BYTES = 256 * 1024


class OutboundRefused(Exception):
    """The address may not be fetched, or did not answer as it should; the text says why."""


class Outbound:
    """Fetches documents from outside."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(allowed)

    def fetch(self, uri: str) -> bytes:
        """Give the body of a 200 answer to GET, at most 256 KiB.

        Raises:
            OutboundRefused: not https, not public, not reachable, not 200, too large or too slow.
        """
        parts = urlsplit(uri)
        port = self._port(parts)
        address = self._address(parts, port)
        try:
            return self._get(parts, address, port)
        except (OSError, http.client.HTTPException) as error:
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

    def _address(self, parts: SplitResult, port: int) -> str:
        host = str(parts.hostname)
        try:
            found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        except (OSError, UnicodeError) as error:
            raise OutboundRefused(f"{host} cannot be resolved") from error
        if not self._excepted(host, port) and not all(ipaddress.ip_address(one).is_global for one in found):
            raise OutboundRefused(f"{host} is not a public address")
        return min(found)

    def _get(self, parts: SplitResult, address: str, port: int) -> bytes:
        connection = _pinned(parts, address, port)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers={"Host": parts.netloc, "Accept": "application/json"})
            response = connection.getresponse()
            if response.status != HTTPStatus.OK:
                raise OutboundRefused(f"{parts.hostname} answered {response.status}")
            body = response.read(MAX_BYTES + 1)
        finally:
            connection.close()
        if len(body) > MAX_BYTES:
            raise OutboundRefused(f"{parts.hostname} answered more than {MAX_BYTES} bytes")
        return body


def _pinned(parts: SplitResult, address: str, port: int) -> http.client.HTTPConnection:
    """Open a connection to the checked address; TLS still names, and verifies, the host."""
    plain = socket.create_connection((address, port), timeout=CONNECT_SECONDS)
    connection = http.client.HTTPConnection(str(parts.hostname), port, timeout=CONNECT_SECONDS)
    if parts.scheme == "https":
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
    else:
        connection.sock = plain
    return connection
