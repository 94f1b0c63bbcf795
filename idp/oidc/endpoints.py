"""The protocol endpoints as plain handlers: a wire request in, a wire response out, served before Flask."""

from __future__ import annotations

from collections.abc import Callable

from authlib.oauth2 import OAuth2Error

from idp.oidc.errors import ProtocolError, write_error
from idp.oidc.request import ProtocolRequest, read_form
from idp.oidc.server import IssuerServer
from idp.wire.messages import Request, Response

Handler = Callable[[Request], Response]


def token_endpoint(server: IssuerServer) -> Handler:
    """Answer POST /token (RFC 6749 §3.2)."""
    return _form_endpoint(server.create_token_response)


def introspection_endpoint(server: IssuerServer) -> Handler:
    """Answer POST /introspect (RFC 7662 §2)."""
    return _form_endpoint(lambda request: _answer(server, "introspection", request))


def revocation_endpoint(server: IssuerServer) -> Handler:
    """Answer POST /revoke (RFC 7009 §2)."""
    return _form_endpoint(lambda request: _answer(server, "revocation", request))


def _answer(server: IssuerServer, name: str, request: ProtocolRequest) -> Response:
    try:
        response: Response = server.create_endpoint_response(name, request)  # type: ignore[no-untyped-call]
    except OAuth2Error as error:
        return server.handle_error_response(request, error)
    return response


def _form_endpoint(answer: Callable[[ProtocolRequest], Response]) -> Handler:
    def handle(wire: Request) -> Response:
        try:
            form = read_form(wire)
        except ProtocolError as error:
            return write_error(error)
        return answer(ProtocolRequest(wire, form))

    return handle
