"""Authlib's authorization server core, with this issuer's parts behind its override points.

Registered once at start and never changed afterwards, so that it is safe to share between threads.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer

from idp.oidc.client_authentication import authenticate_client
from idp.oidc.errors import ProtocolError, invalid_request, write_error
from idp.oidc.grants import GRANTS
from idp.oidc.introspection import Introspection
from idp.oidc.issuer import Issuer
from idp.oidc.revocation import Revocation
from idp.wire.messages import Response, json_response


class IssuerServer(AuthorizationServer):
    """The protocol engine of one issuer."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__()
        self.issuer = issuer
        for grant in GRANTS:
            self.register_grant(grant)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> Any:  # noqa: ANN401 - our clients are no ClientMixin, and need not be
        """Find a client in the process's directory."""
        return self.issuer.directory.find(client_id)

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> Any:  # noqa: ANN401, ARG002
        """Authenticate by the one method that the client registered, at every endpoint alike."""
        return authenticate_client(self.issuer, request)

    def create_oauth2_request(self, request: Any) -> Any:  # noqa: ANN401 - Authlib's signature
        """Requests arrive here already parsed."""
        return request

    def get_token_grant(self, request: Any) -> Any:  # noqa: ANN401 - Authlib's grants share no typed base
        """Find the grant; Authlib's own error would put the client's input into the description."""
        if not request.payload.grant_type:
            raise invalid_request("The parameter grant_type is missing.")
        for grant in GRANTS:
            if grant.check_token_endpoint(request):
                return grant(request, self)
        raise ProtocolError("unsupported_grant_type", "The grant type is not supported.")

    def create_token_response(self, request: Any = None) -> Any:  # noqa: ANN401 - Authlib's signature
        """Answer a token request; unlike Authlib's, every error of every phase passes through one writer."""
        try:
            grant = self.get_token_grant(request)
            grant.validate_token_request()
            return self.handle_response(*grant.create_token_response())
        except OAuth2Error as error:
            return self.handle_error_response(request, error)

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:  # noqa: ANN401, ARG002
        """Write what Authlib's core answers as JSON that is never cached."""
        return json_response(status, body)

    def handle_error_response(self, request: Any, error: OAuth2Error) -> Response:  # noqa: ANN401 - Authlib's signature
        """Write a protocol error, and leave what only we may know with the audit trail."""
        self.issuer.refusals.note(request, error)
        return write_error(error)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Nobody listens to Authlib's signals here."""
