"""ES256: ECDSA on P-256 with SHA-256 (RFC 7518 §3.4), where a signature is r and s side by side, 32 octets each."""

import hashlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from keys import base64url
from keys.errors import KeyDamaged
from keys.public_jwk import public_jwk
from keys.signature import Sign, Verify

_SIZE = 32
_ECDSA = ec.ECDSA(SHA256())


class Es256:
    """ES256."""

    name = "ES256"

    def hashed(self, octets: bytes) -> bytes:
        """Return SHA-256."""
        return hashlib.sha256(octets).digest()

    def generate(self) -> bytes:
        """Make a new private key, as unencrypted PKCS #8."""
        key = ec.generate_private_key(ec.SECP256R1())
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def public_jwk(self, private: bytes) -> dict[str, str]:
        """Return kty, crv, x and y.

        Raises:
            KeyDamaged: not a P-256 key.
        """
        return public_jwk(_load(private).public_key())

    def signing(self, private: bytes) -> Sign:
        """Decode the private key into what signs with it.

        Raises:
            KeyDamaged: not a P-256 key.
        """
        sign_der = _load(private).sign

        def sign(octets: bytes) -> bytes:
            return side_by_side(sign_der(octets, _ECDSA))

        return sign

    def verifying(self, public_jwk: Mapping[str, str]) -> Verify:
        """Decode the public key into what verifies with it.

        Raises:
            KeyDamaged: not a point of P-256.
        """
        verify_der = _point(public_jwk).verify

        def verify(signature: bytes, octets: bytes) -> None:
            if len(signature) != 2 * _SIZE:
                raise InvalidSignature
            r, s = int.from_bytes(signature[:_SIZE], "big"), int.from_bytes(signature[_SIZE:], "big")
            verify_der(encode_dss_signature(r, s), octets, _ECDSA)

        return verify


def side_by_side(der: bytes) -> bytes:
    """Write a signature in DER as JWS has it: r and s of 32 octets each (RFC 7518 §3.4)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(_SIZE, "big") + s.to_bytes(_SIZE, "big")


def _load(private: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_der_private_key(private, None)
    except ValueError as error:
        raise KeyDamaged("not a private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyDamaged("not a private key of P-256")
    return key


def _point(public_jwk: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    try:
        x, y = (int.from_bytes(base64url.decode(public_jwk[member].encode()), "big") for member in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (KeyError, ValueError) as error:
        raise KeyDamaged("not a public key of P-256") from error
