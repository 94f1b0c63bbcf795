"""The issuer's own pages as clients of the same dispatcher: the same steps sign people in, without HTTP to ourselves.

A built-in client has no redirect URI, so no request from outside can be made in its name. Its journey returns to one of
a fixed list of our own paths, which stands in the sealed journey: nothing that a browser sends names it.
"""

from __future__ import annotations

from enum import StrEnum

from idp.clients.client import Client, decode_client
from idp.mfa.policy import wanted_of
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
CONSOLE = decode_client(
    "idp-security",
    {
        "client_name": "Security console",
        "first_party": True,
        "token_endpoint_auth_method": "none",
        "redirect_uris": [],
        "grant_types": ["authorization_code"],
        "scope": "openid",
    },
    [],
    None,
)
BUILT_IN = (ACCOUNT, CONSOLE)
HOME_OF = {ACCOUNT.client_id: "/account", CONSOLE.client_id: "/security"}


class Back(StrEnum):
    """The pages to which a sign-in for the account pages may return."""

    HOME = "/account"
    METHODS = "/account/methods"
    NEW_PHONE = "/account/new-phone"
    SESSIONS = "/account/sessions"
    APPS = "/account/apps"
    CLOSE = "/account/close"
    SHARED = "/account/shared"
    SHARE = "/account/share"
    DETAILS = "/account/details"
    EMAIL = "/account/email"
    PASSWORD = "/account/password"
    ACTIVITY = "/account/activity"
    CALL_CODE = "/account/call-code"
    ENROL_FACTOR = "/enrol-factor"
    LOCK_DOWN = "/lock-down"
    SECURITY = "/security"
    SECURITY_KEYS = "/security/keys"
    SECURITY_APPROVALS = "/security/approvals"
    SECURITY_AUDIT = "/security/audit"
    SECURITY_ATTACKS = "/security/attacks"
    SECURITY_CLIENTS = "/security/clients"
    DESK = "/desk"


def is_built_in(client: Client) -> bool:
    """Whether this is one of the issuer's own pages."""
    return client.client_id in HOME_OF


def request_for(
    client: Client,
    *,
    back: Back = Back.HOME,
    max_age: float | None = None,
    acr_values: tuple[str, ...] = (),
    login_hint: str | None = None,
) -> AuthorizationRequest:
    """Give the request with which a built-in client asks for a signed-in person, who then lands at `back`.

    With `max_age` (seconds) the sign-in may not be older; `acr_values` ask for what an app's would.
    """
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=back.value,
        redirect_uri_sent=False,
        response_mode="query",
        state=None,
        scopes=(),
        nonce=None,
        code_challenge=None,
        max_age=max_age,
        acr_values=acr_values,
        wanted_acr=wanted_of(acr_values),
        login_hint=login_hint,
    )


def landing_of(request: AuthorizationRequest) -> str | None:
    """Give the page of ours at which a journey ends; None when an app waits for its answer."""
    home = HOME_OF.get(request.client_id)
    if home is None:
        return None
    return request.redirect_uri if request.redirect_uri in set(Back) else home
