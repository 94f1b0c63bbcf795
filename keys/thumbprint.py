"""kid = JWK thumbprint (RFC 7638): SHA-256 over the required public members as JSON, in lexical order, no spaces."""

import hashlib
import json
from collections.abc import Mapping

from keys import base64url
from keys.errors import KeyDamaged

_REQUIRED = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
    "AKP": ("alg", "kty", "pub"),  # RFC 9964
}


def thumbprint(public_jwk: Mapping[str, str]) -> str:
    """Return the kid of a public key.

    Raises:
        KeyDamaged: a required member is missing, or the key type is none of ours.
    """
    try:
        members = {member: public_jwk[member] for member in _REQUIRED[public_jwk["kty"]]}
    except KeyError as error:
        raise KeyDamaged(f"a public key without {error}") from error
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    return base64url.encode(hashlib.sha256(canonical).digest()).decode()
