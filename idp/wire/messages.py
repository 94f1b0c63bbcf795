"""A plain request and a plain answer, which every protocol endpoint takes and gives.

Invariant: both are values that nobody changes; neither shows a secret in its repr, and no header leaves us with a line
break in it. Redirects are 303 only (RFC 9700 §4.12); JSON and text are not cached unless their writer says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from idp.wire.errors import MalformedRequest

MAX_HEADER = 16 * 1024
"""The longest header that is handed out, in characters."""

Header = tuple[str, str]
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
# RFC 6749 §5.1 asks for both on everything that carries tokens.
_NO_STORE: tuple[Header, ...] = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


class HeaderTooLarge(MalformedRequest):
    """A header is longer than anything we read (431, RFC 6585 §5)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The {name} header is too large.", status=431)


class UnsafeHeader(ValueError):
    """A header of ours would hold a line break, a control character or something that is not ASCII."""


class Request(NamedTuple):
    """One request, as far as a protocol endpoint may know it."""

    method: str
    """GET (for HEAD too) or POST …"""
    path: str
    query: str = ""
    """As sent, undecoded: idp.wire.forms.parse_query reads it."""
    headers: Mapping[str, str] = _NO_HEADERS
    """By lower-case name; prefer header(), which bounds the length."""
    body: bytes = b""
    client_address: str = ""
    """The canonical IP address of the client; empty where the server knows none (a Unix socket)."""
    scheme: str = "https"
    host: str = ""
    """One of the configured hosts, never anything else."""
    request_id: str = ""
    """The reference that the answer and the log carry."""
    proxied: bool = False
    """The peer is a trusted proxy: only then may a header set by a proxy (a client certificate) be believed."""
    forwarding_flaw: str = ""
    """Why client_address is a proxy's own: absent, malformed or hidden; else empty. Such an address stands for many."""

    def header(self, name: str) -> str | None:
        """Give a header by its lower-case name, as Latin-1 text.

        Raises:
            HeaderTooLarge: it is longer than 16 Ki characters.
        """
        value = self.headers.get(name)
        if value is not None and len(value) > MAX_HEADER:
            raise HeaderTooLarge(name)
        return value

    @property
    def authorization(self) -> str | None:
        """The Authorization header; two of them arrive joined by a comma, which no scheme of ours allows."""
        return self.header("authorization")

    @property
    def content_type(self) -> str | None:
        """The Content-Type header, parameters included."""
        return self.header("content-type")

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path} {self.request_id}>"


class Response(NamedTuple):
    """One answer; the front adds the common headers and the length."""

    status: int
    headers: list[Header]
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Response {self.status} of {len(self.body)} bytes>"


def json_response(status: int, payload: Mapping[str, Any], headers: Iterable[Header] = ()) -> Response:
    """Answer with a JSON object, not to be stored unless `headers` hold a Cache-Control of their own."""
    return Response(status, _headers("application/json", headers), orjson.dumps(payload))


def text_response(status: int, text: str, headers: Iterable[Header] = ()) -> Response:
    """Answer with a few plain words."""
    return Response(status, _headers("text/plain; charset=utf-8", headers), f"{text}\n".encode("utf-8", "replace"))


def redirect(location: str, headers: Iterable[Header] = ()) -> Response:
    """Answer 303 See Other: the browser follows with GET and leaves the body behind.

    Raises:
        UnsafeHeader: the location is empty, or holds spaces, control characters or anything beyond ASCII.
    """
    if not location or " " in location:
        raise UnsafeHeader("Location")
    check_headers((("Location", location),))
    return Response(303, [("Location", location), *_NO_STORE, *headers])


def check_headers(headers: Iterable[Header]) -> None:
    """Let headers pass that fit on one line each.

    Raises:
        UnsafeHeader: naming the header, never its value, which may be secret.
    """
    for name, value in headers:
        if not (value.isascii() and value.isprintable()):
            raise UnsafeHeader(name)


def _headers(content_type: str, headers: Iterable[Header]) -> list[Header]:
    given = list(headers)
    if any(name == "Cache-Control" for name, _ in given):
        return [("Content-Type", content_type), *given]
    return [("Content-Type", content_type), *_NO_STORE, *given]
