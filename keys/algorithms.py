"""The signature algorithms on offer: ES256, RS256 and PS256 with 3072 bits, Ed25519, ML-DSA (RFC 7518 §3, 9864, 9964).

Nothing symmetric and no "none" exists here, so no header can ask for them. A further algorithm is a class with the
members of `Algorithm` and a line in the table.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
    MLDSA65PrivateKey,
    MLDSA65PublicKey,
    MLDSA87PrivateKey,
    MLDSA87PublicKey,
)

from keys import base64url
from keys.ecdsa import Es256
from keys.ed25519 import Ed25519
from keys.errors import UnsupportedAlgorithm
from keys.ml_dsa import MlDsa
from keys.rsa import RSA_BITS, Rsa, pkcs1, pss
from keys.signature import Algorithm, Sign, Verify
from keys.thumbprint import thumbprint

__all__ = ["ALGORITHMS", "RSA_BITS", "Algorithm", "Sign", "Verify", "algorithm", "half_hash", "thumbprint"]

ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {
        "ES256": Es256(),
        "RS256": Rsa("RS256", pkcs1()),
        "PS256": Rsa("PS256", pss()),
        "Ed25519": Ed25519(),
        "ML-DSA-44": MlDsa("ML-DSA-44", MLDSA44PrivateKey.generate, MLDSA44PublicKey.from_public_bytes),
        "ML-DSA-65": MlDsa("ML-DSA-65", MLDSA65PrivateKey.generate, MLDSA65PublicKey.from_public_bytes),
        "ML-DSA-87": MlDsa("ML-DSA-87", MLDSA87PrivateKey.generate, MLDSA87PublicKey.from_public_bytes),
    }
)


def algorithm(name: str) -> Algorithm:
    """Return the algorithm of that name.

    Raises:
        UnsupportedAlgorithm: we don't sign with it.
    """
    found = ALGORITHMS.get(name)
    if found is None:
        raise UnsupportedAlgorithm(f"{name} is not one of {', '.join(ALGORITHMS)}")
    return found


def half_hash(name: str, value: str) -> str:
    """Return `at_hash`, `c_hash` or `s_hash` of a value, for an ID token signed with that algorithm.

    The left half of the algorithm's own hash (OpenID Connect Core §3.1.3.6): SHA-256, for Ed25519 SHA-512, for ML-DSA
    64 octets of SHAKE256 (decision 40).

    Raises:
        UnsupportedAlgorithm: we don't sign with it.
    """
    digest = algorithm(name).hashed(value.encode("ascii"))
    return base64url.encode(digest[: len(digest) // 2]).decode("ascii")
