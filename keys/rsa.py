"""RS256 and PS256 (RFC 7518 §3.3, §3.5) with 3072 bits, both with SHA-256; PS256 salts with 32 octets."""

import hashlib
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    RSAPublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from keys import base64url
from keys.errors import KeyDamaged
from keys.public_jwk import public_jwk
from keys.signature import Sign, Verify

RSA_BITS = 3072
_EXPONENT = 65537
_SHA256 = SHA256()


def pkcs1() -> AsymmetricPadding:
    """Return the padding of RS256."""
    return PKCS1v15()


def pss() -> AsymmetricPadding:
    """Return the padding of PS256, the salt as long as the hash."""
    return PSS(MGF1(SHA256()), SHA256.digest_size)


class Rsa:
    """RS256 or PS256."""

    def __init__(self, name: str, padding: AsymmetricPadding) -> None:
        self.name = name
        self._padding = padding

    def hashed(self, octets: bytes) -> bytes:
        """Return SHA-256."""
        return hashlib.sha256(octets).digest()

    def generate(self) -> bytes:
        """Make a new private key, as unencrypted PKCS #8; takes a tenth of a second and more."""
        key = generate_private_key(_EXPONENT, RSA_BITS)
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def public_jwk(self, private: bytes) -> dict[str, str]:
        """Return kty, n and e.

        Raises:
            KeyDamaged: not an RSA key of our size.
        """
        return public_jwk(_load(private).public_key())

    def signing(self, private: bytes) -> Sign:
        """Decode the private key into what signs with it.

        Raises:
            KeyDamaged: not an RSA key of our size.
        """
        key, padding = _load(private), self._padding

        def sign(octets: bytes) -> bytes:
            return key.sign(octets, padding, _SHA256)

        return sign

    def verifying(self, public_jwk: Mapping[str, str]) -> Verify:
        """Decode the public key into what verifies with it.

        Raises:
            KeyDamaged: not an RSA key of our size.
        """
        key, padding = _public(public_jwk), self._padding

        def verify(signature: bytes, octets: bytes) -> None:
            key.verify(signature, octets, padding, _SHA256)

        return verify


def _load(private: bytes) -> RSAPrivateKey:
    try:
        # What we load was written by `generate` and authenticated by its wrapping; checking the primes again would
        # cost every process about a tenth of a second per key.
        key = load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyDamaged("not a private key") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size != RSA_BITS:
        raise KeyDamaged(f"not an RSA private key of {RSA_BITS} bits")
    return key


def _public(public_jwk: Mapping[str, str]) -> RSAPublicKey:
    try:
        n, e = (int.from_bytes(base64url.decode(public_jwk[member].encode()), "big") for member in ("n", "e"))
        key = RSAPublicNumbers(e, n).public_key()
    except (KeyError, ValueError) as error:
        raise KeyDamaged("not an RSA public key") from error
    if key.key_size != RSA_BITS:
        raise KeyDamaged(f"not an RSA public key of {RSA_BITS} bits")
    return key
