"""The issuer's own pages as clients of the same dispatcher: the same steps sign people in, without HTTP to ourselves.

A built-in client has no redirect URI, so no request from outside can be made in its name.
"""

from __future__ import annotations

from idp.clients.client import Client, decode_client
from idp.oidc.authorization_request import AuthorizationRequest

ACCOUNT = decode_client(
    "idp-account",
    {
        "client_name": "Your account",
        "first_party": True,
        "token_endpoint_auth_method": "none",
        "redirect_uris": [],
        "grant_types": ["authorization_code"],
        "scope": "openid",
    },
    [],
    None,
)
BUILT_IN = (ACCOUNT,)
HOME_OF = {ACCOUNT.client_id: "/account"}


def is_built_in(client: Client) -> bool:
    """Whether this is one of the issuer's own pages."""
    return client.client_id in HOME_OF


def request_for(client: Client) -> AuthorizationRequest:
    """Give the request with which a built-in client asks for a signed-in person."""
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=HOME_OF[client.client_id],
        redirect_uri_sent=False,
        response_mode="query",
        state=None,
        scopes=(),
        nonce=None,
        code_challenge=None,
    )
