"""Putting an answer on the wire, the WSGI way (PEP 3333; RFC 9110 §8.6, §15)."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse

from idp.wire.messages import Header, Response

_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
# These carry neither a body nor its length.
_BODILESS = frozenset({204, 304})


def send(start_response: StartResponse, response: Response, common: Iterable[Header], *, head: bool) -> list[bytes]:
    """Begin the answer with the common headers and its own, and give the body; HEAD gets its length alone."""
    status, headers, body = response
    line = _LINES.get(status) or f"{status} Unknown"
    if status in _BODILESS:
        start_response(line, [*common, *headers])
        return []
    start_response(line, [*common, *headers, ("Content-Length", str(len(body)))])
    return [] if head else [body]
