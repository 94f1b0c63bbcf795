"""Protocol errors, and the one place that writes them as JSON (RFC 6749 §5.2, RFC 6750 §3).

The public description and the private detail are separate fields. Authlib's own errors raise ValueError when a client's
input stands in the description (oauth2/base.py); ours sanitise it, so nothing a client sends can turn into a 500.
"""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error

from idp.wire.errors import ascii_description
from idp.wire.messages import Response, json_response


class ProtocolError(OAuth2Error):
    """An error of the protocol: `error` and `description` go out, `detail` stays with the audit trail."""

    def __init__(
        self, error: str, description: str = "", *, detail: str = "", status: int = 400, challenge: str | None = None
    ) -> None:
        super().__init__(description=ascii_description(description) or None, status_code=status, error=error)
        self.detail = detail
        self.challenge = challenge


def invalid_request(description: str, *, detail: str = "") -> ProtocolError:
    """RFC 6749 §5.2 invalid_request."""
    return ProtocolError("invalid_request", description, detail=detail)


def invalid_grant(detail: str) -> ProtocolError:
    """RFC 6749 §5.2 invalid_grant: always with the same words, so that a thief learns nothing from them."""
    return ProtocolError(
        "invalid_grant", "The grant is invalid, expired, revoked or was issued to another client.", detail=detail
    )


def invalid_client(detail: str, *, basic: bool) -> ProtocolError:
    """RFC 6749 §5.2 invalid_client: one description for an unknown client, a wrong secret and a wrong method."""
    return ProtocolError(
        "invalid_client",
        "Client authentication failed.",
        detail=detail,
        status=401,
        challenge='Basic realm="idp", charset="UTF-8"' if basic else None,
    )


def write_error(error: OAuth2Error) -> Response:
    """Write an error as the JSON of RFC 6749 §5.2, never cached."""
    body = {"error": error.error}
    if description := error.get_error_description():
        body["error_description"] = description
    challenge = getattr(error, "challenge", None)
    headers = [("WWW-Authenticate", challenge)] if challenge else []
    return json_response(error.status_code, body, headers)
