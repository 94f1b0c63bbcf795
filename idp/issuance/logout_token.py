"""What a logout token says (OpenID Connect Back-Channel Logout 1.0 §2.4). Pure: time and ids are arguments."""

from __future__ import annotations

from typing import Any

from idp.clients.client import Client
from idp.issuance.lifetimes import Lifetimes
from keys.compact import encode
from keys.ring import Signer

LOGOUT_TOKEN_TYPE = "logout+jwt"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def logout_token(
    signer: Signer,
    *,
    issuer: str,
    client: Client,
    account_id: str,
    sid: str,
    jti: str,
    lifetimes: Lifetimes,
    now: float,
) -> str:
    """Sign what tells a client that a session ended (OpenID Connect Back-Channel Logout 1.0 §2.4), for two minutes.

    `sub` and `sid` are those of the ID token; there is never a `nonce`, so that it cannot pass for one.
    """
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": account_id,
        "aud": client.client_id,
        "iat": int(now),
        "exp": int(now + lifetimes.logout_token),
        "jti": jti,
        "events": {LOGOUT_EVENT: {}},
        "sid": sid,
    }
    return encode(signer, typ=LOGOUT_TOKEN_TYPE, claims=claims)
