"""The answer to an authorization request, as it travels back to the client's proven address.

Every answer, errors too, carries `iss` (RFC 9207) and the client's `state`. In the query the registered address keeps
its own parameters; form_post hands the same parameters to a page that posts them (OAuth 2.0 Form Post Response Mode).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationResponse:
    """Where the answer goes, how, and what it says."""

    redirect_uri: str
    response_mode: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def location(self) -> str:
        """The address with the parameters in its query."""
        separator = "&" if urlsplit(self.redirect_uri).query else "?"
        base = self.redirect_uri.rstrip("?") if separator == "?" else self.redirect_uri
        return f"{base}{separator}{urlencode(self.parameters)}"


def success(
    *, issuer: str, redirect_uri: str, response_mode: str, state: str | None, code: str
) -> AuthorizationResponse:
    """Give the code to the client."""
    return _response(redirect_uri, response_mode, [("code", code)], state, issuer)


def failure(
    *, issuer: str, redirect_uri: str, response_mode: str, state: str | None, error: str, description: str
) -> AuthorizationResponse:
    """Give an error to the client."""
    said = [("error", error)] + ([("error_description", description)] if description else [])
    return _response(redirect_uri, response_mode, said, state, issuer)


def _response(
    redirect_uri: str, response_mode: str, said: list[tuple[str, str]], state: str | None, issuer: str
) -> AuthorizationResponse:
    echoed = [("state", state)] if state is not None else []
    return AuthorizationResponse(
        redirect_uri=redirect_uri, response_mode=response_mode, parameters=(*said, *echoed, ("iss", issuer))
    )
