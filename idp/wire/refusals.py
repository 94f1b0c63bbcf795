"""How refusals of the wire, and faults of our own, are written.

Invariant: protocol endpoints answer in the JSON of RFC 6749 §5.2, everything else in one plain line; neither repeats
what the client sent.
"""

from __future__ import annotations

from idp.wire.errors import Refusal
from idp.wire.messages import Response, json_response, text_response

BUSY_SECONDS = 1
_UNAVAILABLE = 503


def refusal_as_json(refusal: Refusal) -> Response:
    """Write a refusal for an app."""
    payload = {"error": refusal.error, "error_description": refusal.description}
    return json_response(refusal.status, payload, _retry_after(refusal))


def refusal_as_text(refusal: Refusal) -> Response:
    """Write a refusal for a browser that has no page to see yet."""
    return text_response(refusal.status, refusal.description, _retry_after(refusal))


def server_error(reference: str) -> Response:
    """Say that it is our fault, and under which reference the log knows more."""
    description = f"Something went wrong on our side. Quote this reference: {reference}"
    return json_response(500, {"error": "server_error", "error_description": description})


def _retry_after(refusal: Refusal) -> list[tuple[str, str]]:
    return [("Retry-After", str(BUSY_SECONDS))] if refusal.status == _UNAVAILABLE else []
