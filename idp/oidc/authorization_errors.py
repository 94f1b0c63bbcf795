"""The two ways in which an authorization request fails, as two types (RFC 6749 §4.1.2.1, RFC 9700 §4.11).

While the client or its address is unproven, the error is *shown* to the person here and nobody is redirected anywhere;
afterwards it is *redirected* to the proven address with `state` and `iss`. Both say which check refused, what was sent
and what is registered: for the operator (`idp clients explain`), and on the page in demo mode only.
"""

from __future__ import annotations

from dataclasses import dataclass

from idp.wire.errors import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a request was refused, for whoever runs the client."""

    check: str
    sent: str = ""
    registered: str = ""


class AuthorizationRefused(Refusal):
    """An authorization request that is refused, with its explanation."""

    def __init__(
        self, error: str, description: str, *, check: str, sent: str = "", registered: str = "", client_id: str = ""
    ) -> None:
        super().__init__(error, description, detail=check)
        self.explanation = Explanation(check=check, sent=sent[:500], registered=registered[:1000])
        self.client_id = client_id


class ShownError(AuthorizationRefused):
    """Shown here: there is no address that could be trusted with the answer."""


class RedirectedError(AuthorizationRefused):
    """Sent to the client's proven address."""
