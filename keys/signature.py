"""What every signature algorithm offers. Private parts cross this line as PKCS #8 octets only, public ones as a JWK."""

from collections.abc import Callable, Mapping
from typing import Protocol

Sign = Callable[[bytes], bytes]
"""Signs octets; the result is the JWS signature."""

Verify = Callable[[bytes, bytes], None]
"""Takes a JWS signature and the signed octets; raises `cryptography.exceptions.InvalidSignature` or returns."""


class Algorithm(Protocol):
    """A signature algorithm of JWS."""

    @property
    def name(self) -> str:
        """The value of `alg`."""

    def hashed(self, octets: bytes) -> bytes:
        """Return the hash that `at_hash` and its kin are the left half of."""

    def generate(self) -> bytes:
        """Make a new private key, as unencrypted PKCS #8."""

    def public_jwk(self, private: bytes) -> dict[str, str]:
        """Return the public members of a private key: those that RFC 7638 hashes, nothing else.

        Raises:
            KeyDamaged: not a key of this algorithm.
        """

    def signing(self, private: bytes) -> Sign:
        """Decode a private key, once, into what signs with it.

        Raises:
            KeyDamaged: not a key of this algorithm.
        """

    def verifying(self, public_jwk: Mapping[str, str]) -> Verify:
        """Decode a public key, once, into what verifies with it.

        Raises:
            KeyDamaged: not a key of this algorithm.
        """
