"""ML-DSA-44, -65 and -87: signatures that a quantum computer does not forge (FIPS 204), as JOSE has them (RFC 9964).

A key is an Algorithm Key Pair (kty AKP): it names its one algorithm, and `pub` is its public part. The private part is
the seed of 32 octets; here it stays PKCS #8 around that seed (RFC 9881), wrapped like every other, and `priv` is never
made. Signing is pure, with an empty context, and draws fresh randomness each time, so that no two signatures of one
text are alike.
"""

import hashlib
from collections.abc import Callable, Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
    MLDSA65PrivateKey,
    MLDSA65PublicKey,
    MLDSA87PrivateKey,
    MLDSA87PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from keys import base64url
from keys.errors import KeyDamaged
from keys.signature import Sign, Verify

_HASH_OCTETS = 64


PrivateKey = MLDSA44PrivateKey | MLDSA65PrivateKey | MLDSA87PrivateKey
PublicKey = MLDSA44PublicKey | MLDSA65PublicKey | MLDSA87PublicKey


class MlDsa:
    """One parameter set of ML-DSA."""

    def __init__(
        self, name: str, generate: Callable[[], PrivateKey], from_public_bytes: Callable[[bytes], PublicKey]
    ) -> None:
        self.name = name
        self._generate = generate
        self._from_public_bytes = from_public_bytes

    def hashed(self, octets: bytes) -> bytes:
        """Return 64 octets of SHAKE256, with which ML-DSA represents what it signs (FIPS 204 §6.2; decision 40)."""
        return hashlib.shake_256(octets).digest(_HASH_OCTETS)

    def generate(self) -> bytes:
        """Make a new private key, as unencrypted PKCS #8 around its seed."""
        return self._generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def public_jwk(self, private: bytes) -> dict[str, str]:
        """Return kty, alg and pub.

        Raises:
            KeyDamaged: not a key of this parameter set.
        """
        pub = self._load(private).public_key().public_bytes_raw()
        return {"kty": "AKP", "alg": self.name, "pub": base64url.encode(pub).decode()}

    def signing(self, private: bytes) -> Sign:
        """Decode the private key into what signs with it.

        Raises:
            KeyDamaged: not a key of this parameter set.
        """
        return self._load(private).sign

    def verifying(self, public_jwk: Mapping[str, str]) -> Verify:
        """Decode the public key into what verifies with it.

        Raises:
            KeyDamaged: not a key of this parameter set, or one that says it is of another.
        """
        try:
            pub, alg = base64url.decode(public_jwk["pub"].encode()), public_jwk["alg"]
            verify = self._from_public_bytes(pub).verify
        except (KeyError, ValueError) as error:
            raise KeyDamaged(f"not a public key of {self.name}") from error
        if alg != self.name:
            raise KeyDamaged(f"a public key of {alg}, not of {self.name}")
        return verify

    def _load(self, private: bytes) -> PrivateKey:
        try:
            key = load_der_private_key(private, None)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyDamaged("not a private key") from error
        if not isinstance(key, PrivateKey) or _name_of(key) != self.name:
            raise KeyDamaged(f"not a private key of {self.name}")
        return key


def _name_of(key: PrivateKey) -> str:
    match key:
        case MLDSA44PrivateKey():
            return "ML-DSA-44"
        case MLDSA65PrivateKey():
            return "ML-DSA-65"
        case MLDSA87PrivateKey():
            return "ML-DSA-87"
