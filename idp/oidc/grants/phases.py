"""The phases that every grant passes at the token endpoint, so that a new grant cannot forget one.

client authentication → grant type → parameters → transaction { spend the assertion → redeem → bind → may_issue → mint →
record }. Authlib's classes say which grant a request is for; their own issuing (save the token, then consume the code)
is replaced, because two parallel requests would both be served (grants/authorization_code.py of Authlib).
"""

from __future__ import annotations

from typing import Any

from authlib.consts import default_json_headers
from sqlalchemy import Connection

from idp.acts.end_family import end_family
from idp.issuance.gate import IssuanceRefused
from idp.oidc.errors import ProtocolError, invalid_client, invalid_grant, invalid_request
from idp.oidc.issuer import Issuer
from idp.oidc.request import ProtocolRequest
from idp.storage.spent import AlreadySpent, spend

TokenBody = dict[str, Any]


class ReplayedError(Exception):
    """What was presented had been used before: its whole family must end, once this transaction is rolled back."""

    def __init__(self, grant_id: str) -> None:
        super().__init__(grant_id)
        self.grant_id = grant_id


class Phases:
    """The phases common to all grants; a grant adds `read_parameters` and `issue`."""

    GRANT_TYPE: str
    request: ProtocolRequest
    server: Any

    @property
    def issuer(self) -> Issuer:
        """The issuer's parts."""
        issuer: Issuer = self.server.issuer
        return issuer

    def validate_token_request(self) -> None:
        """Authenticate the client, ask whether it may use this grant, read the parameters.

        Raises:
            ProtocolError: as RFC 6749 §5.2 names it.
        """
        client = self.server.authenticate_client(self.request, None, "token")
        if self.GRANT_TYPE not in client.grant_types:
            raise ProtocolError("unauthorized_client", "The client may not use this grant type.")
        self.read_parameters()

    def create_token_response(self) -> tuple[int, TokenBody, Any]:
        """Issue within one transaction; what the gate refuses becomes the protocol's error.

        Raises:
            ProtocolError: as RFC 6749 §5.2 names it.
        """
        try:
            return 200, self.issue(), default_json_headers
        except IssuanceRefused as error:
            raise self.refusal(error) from error

    def refusal(self, error: IssuanceRefused) -> ProtocolError:
        """Say the gate's refusal in the protocol's words."""
        return invalid_grant(error.state)

    def read_parameters(self) -> None:
        """Read this grant's own parameters."""
        raise NotImplementedError

    def issue(self) -> TokenBody:
        """Redeem, bind, ask the gate, mint, record."""
        raise NotImplementedError

    def parameter(self, name: str) -> str:
        """Give a parameter that the grant cannot do without."""
        value = self.request.form.get(name)
        if not value:
            raise invalid_request(f"The parameter {name} is missing.")
        return str(value)

    def end_family(self, grant_id: str, cause: str, now: float) -> None:
        """End every token of a grant whose code or refresh token came back."""
        end_family(
            self.issuer.database,
            grant_id=grant_id,
            client_id=self.request.registered_client.client_id,
            cause=cause,
            reference=self.request.wire.request_id,
            entropy=self.issuer.entropy,
            now=now,
        )

    def spend_assertion(self, connection: Connection, now: float) -> None:
        """Spend the client's assertion, if it used one, in the transaction of what it pays for."""
        spend_assertion(connection, self.request, now)


def spend_assertion(connection: Connection, request: ProtocolRequest, now: float) -> None:
    """Spend a request's client assertion (RFC 7523 §3 item 7).

    Raises:
        ProtocolError: invalid_client when it was used before.
    """
    if request.assertion is None:
        return
    try:
        spend(
            connection,
            kind="client_assertion",
            artifact=request.assertion.artifact,
            expires_at=request.assertion.expires_at,
            now=now,
        )
    except AlreadySpent as error:
        raise invalid_client("the client assertion was used before", basic=False) from error
