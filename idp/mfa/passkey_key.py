"""The public key of a passkey: which algorithms are offered, and what a key must look like to be kept.

Invariant: a key is of an offered algorithm, of the type and curve that belong to it, and no larger than it need be;
whatever else it says is refused, when it is made and again whenever it is used (RFC 9053 §2, RFC 8230, RFC 8812).
"""

from __future__ import annotations

from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey

from idp.mfa.verified import WrongAnswer

ES256: Final = -7
EDDSA: Final = -8
RS256: Final = -257
ALGORITHMS: Final = (ES256, EDDSA, RS256)
"""What is offered, most wanted first; in COSE's numbers."""

_RSA_BYTES: Final = range(256, 513)
"""2048 to 4096 bits."""
_COORDINATE_BYTES: Final = 32
_PUBLIC_EXPONENT: Final = b"\x01\x00\x01"

# COSE labels: 1 key type, 3 algorithm, -1 curve (or modulus), -2 x (or exponent), -3 y.
_ELLIPTIC: Final = {1: 2, 3: ES256, -1: 1}
_EDWARDS: Final = {1: 1, 3: EDDSA, -1: 6}
_RSA: Final = {1: 3, 3: RS256}


def require_usable(key: CoseKey) -> CoseKey:
    """Give a new key back if passkeys may have it here: it has the right shape, and can be computed with.

    Raises:
        WrongAnswer: it is not.
    """
    _require_shape(key)
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return key
    except Exception as error:
        raise WrongAnswer("key") from error
    raise WrongAnswer("key")


def stored_form(key: CoseKey) -> bytes:
    """Give the octets under which a key is kept: COSE in canonical CBOR."""
    return cbor.encode(key)


def stored_key(octets: bytes) -> CoseKey:
    """Read a key that was kept.

    Raises:
        WrongAnswer: it is none that may be used (any more).
    """
    try:
        key = CoseKey.parse(cbor.decode(octets))  # type: ignore[arg-type]
    except Exception as error:
        raise WrongAnswer("key") from error
    _require_shape(key)
    return key


def _require_shape(key: CoseKey) -> None:
    if _shape_of(key) not in ALGORITHMS:
        raise WrongAnswer("key")


def _shape_of(key: CoseKey) -> int | None:
    members: dict[Any, Any] = dict(key)
    match members:
        case {-2: bytes(x), -3: bytes(y), **rest} if rest == _ELLIPTIC and len(x) == len(y) == _COORDINATE_BYTES:
            return ES256
        case {-2: bytes(x), **rest} if rest == _EDWARDS and len(x) == _COORDINATE_BYTES:
            return EDDSA
        case {-1: bytes(modulus), -2: bytes(exponent), **rest} if rest == _RSA and _fits(modulus, exponent):
            return RS256
    return None


def _fits(modulus: bytes, exponent: bytes) -> bool:
    return exponent == _PUBLIC_EXPONENT and len(modulus) in _RSA_BYTES and modulus[0] != 0
