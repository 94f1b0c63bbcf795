"""A public key of `cryptography` as a JWK, for each type of key that we sign with (RFC 7518 §6, RFC 8037 §2)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from keys import base64url
from keys.errors import KeyDamaged

_COORDINATE = 32


def public_jwk(key: object) -> dict[str, str]:
    """Give the members that make the key what it is; its thumbprint is the kid.

    Raises:
        KeyDamaged: a key of another type or curve.
    """
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _integer(numbers.n), "e": _integer(numbers.e)}
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        point = key.public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _coordinate(point.x), "y": _coordinate(point.y)}
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key.public_bytes_raw()).decode()}
    raise KeyDamaged(f"{type(key).__name__} is no public key that we know")


def _integer(number: int) -> str:
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode()


def _coordinate(number: int) -> str:
    return base64url.encode(number.to_bytes(_COORDINATE, "big")).decode()
