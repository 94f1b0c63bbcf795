"""What introspection and revocation share: the client authenticates as at the token endpoint, and a token is named.

Authlib's stock endpoints let any registered method through here, and answer a missing token without saying so.
"""

from __future__ import annotations

from typing import Any

from idp.clients.client import Client
from idp.oidc.errors import invalid_request
from idp.oidc.grants.phases import spend_assertion
from idp.oidc.issuer import Issuer
from idp.oidc.request import ProtocolRequest


class ClientEndpoint:
    """An endpoint that only an authenticated client may use."""

    server: Any

    def create_endpoint_request(self, request: ProtocolRequest) -> ProtocolRequest:
        """Requests arrive here already parsed."""
        return request

    def authenticate_endpoint_client(self, request: ProtocolRequest) -> Client:
        """Authenticate the client, and spend its assertion at once: nothing else is written here.

        Raises:
            ProtocolError: invalid_client.
        """
        client: Client = self.server.authenticate_client(request, None, "endpoint")
        issuer: Issuer = self.server.issuer
        if request.assertion is not None:
            with issuer.database.writing() as connection:
                spend_assertion(connection, request, issuer.clock())
        return client

    def check_params(self, request: ProtocolRequest, client: Client) -> None:  # noqa: ARG002
        """Ask for the token; the hint may be anything, also something unknown (RFC 7009 §2.1, RFC 7662 §2.1).

        Raises:
            ProtocolError: invalid_request.
        """
        if not request.form.get("token"):
            raise invalid_request("The parameter token is missing.")
