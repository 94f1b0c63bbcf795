"""Token revocation (RFC 7009): ends the grant that the token belongs to, and with it every token of the family.

An access token is revoked as a whole family too (§2.1 lets the server do so): a self-contained token alone could be
refused only here, its family everywhere. A client's own token is a family of one. Unknown tokens answer 200 (§2.2).
"""

from __future__ import annotations

from authlib.oauth2.rfc7009 import RevocationEndpoint

from idp.acts.read_refresh_token import read_refresh_token
from idp.acts.revoke_token import revoke_family
from idp.clients.client import Client
from idp.issuance.gate import Path
from idp.oidc.access_token import TokenRefused, is_jwt_shaped, read_access_token
from idp.oidc.endpoint import ClientEndpoint
from idp.oidc.errors import invalid_grant
from idp.oidc.issuer import Issuer
from idp.oidc.request import ProtocolRequest


class Revocable:
    """A token as revocation sees it: whose it is, and which grant to end."""

    __slots__ = ("client_id", "grant_id")

    def __init__(self, *, client_id: str, grant_id: str) -> None:
        self.client_id = client_id
        self.grant_id = grant_id

    def check_client(self, client: Client) -> bool:
        """Whether the token was issued to this client."""
        return self.client_id == client.client_id


class Revocation(ClientEndpoint, RevocationEndpoint):
    """RFC 7009 §2 over Authlib's endpoint."""

    ENDPOINT_NAME = "revocation"

    def authenticate_token(self, request: ProtocolRequest, client: Client) -> Revocable | None:
        """Find the token; another client's is refused (§2.1).

        Raises:
            ProtocolError: invalid_request without a token, invalid_grant for another client's.
        """
        self.check_params(request, client)
        token = self.query_token(request.form["token"], request.form.get("token_type_hint"))
        if token is not None and not token.check_client(client):
            raise invalid_grant(f"token of {token.client_id} presented for revocation by {client.client_id}")
        return token

    def query_token(self, token_string: str, token_type_hint: str | None) -> Revocable | None:  # noqa: ARG002
        """Find the token, whichever kind it is; a wrong hint does not matter."""
        issuer: Issuer = self.server.issuer
        if is_jwt_shaped(token_string):
            try:
                claims = read_access_token(issuer, token_string, Path.INTROSPECTION)[0]
            except TokenRefused:
                return None
            return Revocable(client_id=claims["client_id"], grant_id=claims["grant_id"])
        standing = read_refresh_token(issuer.database, token_string)
        if standing is None:
            return None
        return Revocable(client_id=standing.client_id, grant_id=standing.family.subject.grant_id)

    def revoke_token(self, token: Revocable, request: ProtocolRequest) -> None:
        """End the token's grant."""
        issuer: Issuer = self.server.issuer
        revoke_family(
            issuer.database,
            grant_id=token.grant_id,
            client_id=token.client_id,
            reference=request.wire.request_id,
            entropy=issuer.entropy,
            now=issuer.clock(),
        )
