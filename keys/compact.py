"""JWTs in compact serialisation (RFC 7515 §3.1): made here; `verification` and `verified_tokens` read them.

Making one is the hottest thing the issuer does, so it is the bare minimum: a header encoded once per key and type, one
JSON encoding, one signature. Whatever it makes, every JOSE library verifies (the tests hold it against one).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from keys import base64url
from keys.errors import InvalidToken, TokenExpired
from keys.signer import Signer
from keys.verification import CLOCK_SKEW, MAX_TOKEN, check_times, verify
from keys.verified_tokens import VerifiedTokens

__all__ = [
    "CLOCK_SKEW",
    "MAX_TOKEN",
    "InvalidToken",
    "TokenExpired",
    "VerifiedTokens",
    "check_times",
    "encode",
    "verify",
]


def encode(signer: Signer, *, typ: str, claims: Mapping[str, Any]) -> str:
    """Sign claims as a JWT of that type. NumericDates are the caller's to give as whole numbers.

    Raises:
        orjson.JSONEncodeError: a claim is no JSON.
    """
    signed = signer.header(typ) + base64url.encode(orjson.dumps(claims))
    return (signed + b"." + base64url.encode(signer.sign(signed))).decode("ascii")
