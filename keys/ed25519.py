"""Ed25519 (RFC 8037 for the key, RFC 9864 for the name: "EdDSA" says too little and is not used)."""

import hashlib
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from keys import base64url
from keys.errors import KeyDamaged
from keys.public_jwk import public_jwk
from keys.signature import Sign, Verify


class Ed25519:
    """Ed25519."""

    name = "Ed25519"

    def hashed(self, octets: bytes) -> bytes:
        """Return SHA-512, which is inside Ed25519 (RFC 8032 §5.1)."""
        return hashlib.sha512(octets).digest()

    def generate(self) -> bytes:
        """Make a new private key, as unencrypted PKCS #8."""
        return Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def public_jwk(self, private: bytes) -> dict[str, str]:
        """Return kty, crv and x.

        Raises:
            KeyDamaged: not an Ed25519 key.
        """
        return public_jwk(_load(private).public_key())

    def signing(self, private: bytes) -> Sign:
        """Decode the private key into what signs with it.

        Raises:
            KeyDamaged: not an Ed25519 key.
        """
        return _load(private).sign

    def verifying(self, public_jwk: Mapping[str, str]) -> Verify:
        """Decode the public key into what verifies with it.

        Raises:
            KeyDamaged: not an Ed25519 key.
        """
        try:
            return Ed25519PublicKey.from_public_bytes(base64url.decode(public_jwk["x"].encode())).verify
        except (KeyError, ValueError) as error:
            raise KeyDamaged("not a public key of Ed25519") from error


def _load(private: bytes) -> Ed25519PrivateKey:
    try:
        key = load_der_private_key(private, None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyDamaged("not a private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyDamaged("not a private key of Ed25519")
    return key
