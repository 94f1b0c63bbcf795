"""What a security event token says about a signing key (RFC 8417 §2.2). Pure: time and ids are arguments.

No registered event type is about an issuer's own key, so the type is ours. A rehearsal has a type of its own, so that
no app can take it for the real thing.
"""

from __future__ import annotations

from typing import Any

from keys.compact import encode
from keys.ring import Signer

SECURITY_EVENT_TYPE = "secevent+jwt"
KEY_COMPROMISED = "urn:idp:event:signing-key-compromised"
KEY_DRILL = "urn:idp:event:signing-key-drill"


def security_event_token(
    signer: Signer,
    *,
    issuer: str,
    client_id: str,
    event: str,
    kid: str,
    algorithm: str,
    happened_at: float,
    jti: str,
    issued_at: float,
) -> str:
    """Sign what tells a client that a key is out of service (RFC 8417 §2.2).

    `toe` is when that was. There is no `sub`, since it is about nobody, and no `exp` (§2.2 advises against it), so that
    it passes neither for an ID token nor for an access token.
    """
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": client_id,
        "iat": int(issued_at),
        "jti": jti,
        "toe": int(happened_at),
        "events": {event: {"kid": kid, "alg": algorithm, "jwks_uri": f"{issuer}/jwks"}},
    }
    return encode(signer, typ=SECURITY_EVENT_TYPE, claims=claims)
