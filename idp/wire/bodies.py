"""Bodies, read once and whole before anything else happens: no lock and no connection waits for a slow client.

Invariant: a body has exactly the length it announced, which is bounded; and slow ones never hold all threads, so that
keys, metadata and probes are answered while somebody drips bytes into us. One address holds a third of the places at
most, so that everybody else can still post. (Only a proxy that buffers can do more.)
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any

from idp.wire.errors import MalformedRequest
from idp.wire.places import Places

_MOST_DIGITS = 12
_KEPT_ADDRESSES = 10_000


class BodyReader:
    """Reads bodies of at most `limit` bytes, in at most `readers` threads at once."""

    def __init__(self, *, limit: int, readers: int) -> None:
        self._limit = limit
        self._readers = readers
        self._places = Places(readers)
        self._shares: dict[str, Places] = {}

    def read(self, environ: Mapping[str, Any], *, address: str, limit: int | None = None) -> bytes:
        """Read the body that Content-Length announces; `address` is the client's, empty when nobody knows it.

        Raises:
            MalformedRequest: 411 without a length, 400 if it is no number or the body ends early, 413 over the limit.
            TooManyReaders: too many bodies are being read, in all or from there.
        """
        length = announced_length(environ)
        if length is None:
            raise MalformedRequest("A Content-Length is required.", status=411)
        if length > (self._limit if limit is None else limit):
            raise MalformedRequest("The body is too large.", status=413)
        if length == 0:
            return b""
        share = self._share_of(address)
        share.take()
        try:
            return self._read_in_place(environ.get("wsgi.input"), length)
        finally:
            share.give_back()

    def _read_in_place(self, stream: Any, length: int) -> bytes:  # noqa: ANN401 - PEP 3333 names the methods
        self._places.take()
        try:
            return _read(stream, length)
        finally:
            self._places.give_back()

    def _share_of(self, address: str) -> Places:
        key = _network(address) if ":" in address else address
        share = self._shares.get(key)
        if share is None:
            if len(self._shares) >= _KEPT_ADDRESSES:
                # Who reads now gives back to places that nobody knows any more; those of everybody still count.
                self._shares.clear()
            # A proxy that does not say whom it speaks for must not be taken for one slow client.
            number = max(2, self._readers // 3) if key else self._readers
            share = self._shares.setdefault(key, Places(number))
        return share


def _network(address: str) -> str:
    """Give the /64 of an IPv6 address, which is what one household gets."""
    try:
        return str(int(IPv6Address(address.partition("%")[0])) >> 64)
    except ValueError:
        return address


def announced_length(environ: Mapping[str, Any]) -> int | None:
    """Give Content-Length as a number, None where there is none.

    Raises:
        MalformedRequest: it is not 1*DIGIT (RFC 9110 §8.6).
    """
    text: str = environ.get("CONTENT_LENGTH") or ""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise MalformedRequest("The Content-Length is not a number.")
    return int(text)


def _read(stream: Any, length: int) -> bytes:  # noqa: ANN401 - PEP 3333 names the methods, not a class
    """Read exactly so many bytes; every server words a broken connection in an exception of its own."""
    try:
        body: bytes = stream.read(length)
        while len(body) < length:
            more: bytes = stream.read(length - len(body))
            if not more:
                break
            body += more
    except Exception as error:
        raise MalformedRequest("The body could not be read.") from error
    if len(body) != length:
        raise MalformedRequest("The body is shorter than its Content-Length.")
    return body
