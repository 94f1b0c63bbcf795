"""Token introspection (RFC 7662): a client learns about its own tokens, and about those made for it as an audience.

Whatever is not live, not known or not its business is `{"active": false}`, and nothing else.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from idp.acts.read_refresh_token import RefreshTokenStanding, read_refresh_token
from idp.clients.client import Client
from idp.issuance.gate import IssuanceRefused, Path, may_issue
from idp.oidc.access_token import Claims, TokenRefused, is_jwt_shaped, read_access_token
from idp.oidc.endpoint import ClientEndpoint
from idp.oidc.errors import invalid_client
from idp.oidc.issuer import Issuer
from idp.oidc.request import ProtocolRequest

PUBLIC_MEMBERS = (
    "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope", "auth_time", "acr", "amr", "sid",
    "recovered_at", "shared_device", "contracts",
)  # fmt: skip


class Introspection(ClientEndpoint, IntrospectionEndpoint):
    """RFC 7662 §2 over Authlib's endpoint."""

    ENDPOINT_NAME = "introspection"

    def authenticate_endpoint_client(self, request: ProtocolRequest) -> Client:
        """Authenticate the client; a public one has nothing to prove itself by, so it may not ask (§2.1).

        Raises:
            ProtocolError: invalid_client.
        """
        client = super().authenticate_endpoint_client(request)
        if client.public:
            raise invalid_client(f"public client {client.client_id} asked for introspection", basic=False)
        return client

    def query_token(self, token_string: str, token_type_hint: str | None) -> dict[str, Any] | None:  # noqa: ARG002
        """Describe the token, whichever kind it is; a wrong hint does not matter (§2.1)."""
        issuer: Issuer = self.server.issuer
        if is_jwt_shaped(token_string):
            return _describe_access_token(issuer, token_string)
        standing = read_refresh_token(issuer.database, token_string)
        return _describe_refresh_token(issuer, standing) if standing else None

    def check_permission(self, token: dict[str, Any], client: Client, request: object) -> bool:  # noqa: ARG002
        """Let the client see its own tokens, and those that name it as an audience."""
        audience = token.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience or []
        return client.client_id == token["client_id"] or client.client_id in audiences

    def create_introspection_payload(self, token: dict[str, Any] | None) -> dict[str, Any]:
        """Say what the token is, or only that it is not active."""
        return token or {"active": False}


def _describe_access_token(issuer: Issuer, token: str) -> dict[str, Any] | None:
    try:
        claims: Claims = read_access_token(issuer, token, Path.INTROSPECTION)[0]
    except TokenRefused:
        return None
    known = {name: claims[name] for name in PUBLIC_MEMBERS if name in claims}
    return {"active": True, "token_type": "Bearer", **known}


def _describe_refresh_token(issuer: Issuer, standing: RefreshTokenStanding) -> dict[str, Any] | None:
    client = issuer.directory.find(standing.client_id)
    if client is None or standing.rotated or issuer.clock() >= standing.expires_at:
        return None
    try:
        may_issue(standing.family.facts(Path.INTROSPECTION, client))
    except IssuanceRefused:
        return None
    return {
        "active": True,
        "client_id": standing.client_id,
        "sub": standing.family.subject.account_id,
        "scope": " ".join(standing.family.scopes),
        "exp": int(standing.expires_at),
        "iat": int(standing.issued_at),
        "iss": issuer.address,
        "sid": standing.family.subject.sid,
    }
