"""ML-DSA, held against RFC 9964 and against another verifier.

rfc9964.json has the RFC's example of each parameter set: the key of the seed of 32 zeros, its kid, and a JWS. Its
signatures were made by dilithium-py 1.5.1 with signing deterministic, which FIPS 204 allows; they are the RFC's.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
    MLDSA65PrivateKey,
    MLDSA65PublicKey,
    MLDSA87PrivateKey,
    MLDSA87PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keys import base64url
from keys.algorithms import algorithm, half_hash, thumbprint
from keys.compact import encode, verify
from keys.errors import KeyDamaged
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.ring import KeyRing
from keys.wrapping import unwrap
from tests.unit.keys.conftest import NOW

RFC9964: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("rfc9964.json").read_bytes())
NAMES = list(RFC9964)
PRIVATE: dict[str, Any] = {
    "ML-DSA-44": MLDSA44PrivateKey,
    "ML-DSA-65": MLDSA65PrivateKey,
    "ML-DSA-87": MLDSA87PrivateKey,
}
PUBLIC: dict[str, Any] = {
    "ML-DSA-44": MLDSA44PublicKey,
    "ML-DSA-65": MLDSA65PublicKey,
    "ML-DSA-87": MLDSA87PublicKey,
}
# FIPS 204 table 2: octets of the public key and of the signature.
SIZES = {"ML-DSA-44": (1312, 2420), "ML-DSA-65": (1952, 3309), "ML-DSA-87": (2592, 4627)}


def jwk_of(name: str) -> dict[str, str]:
    """The public key of the RFC's example."""
    return {"kty": "AKP", "alg": name, "pub": RFC9964[name]["pub"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_rfc_9964(name: str) -> None:
    """The seed gives the public key, the key its kid, and the JWS verifies."""
    seeded = PRIVATE[name].from_seed_bytes(bytes(32))
    private = seeded.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signed, _, signature = RFC9964[name]["jws"].rpartition(".")

    assert jwk_of(name) == algorithm(name).public_jwk(private)
    assert RFC9964[name]["kid"] == thumbprint(jwk_of(name))
    algorithm(name).verifying(jwk_of(name))(base64url.decode(signature.encode()), signed.encode())
    with pytest.raises(InvalidSignature):
        algorithm(name).verifying(jwk_of(name))(base64url.decode(signature.encode()), signed[:-1].encode())


@pytest.mark.parametrize("name", NAMES)
def test_another_verifier_takes_our_tokens(name: str, ring: KeyRing) -> None:
    """A relying party that has the JWKS and FIPS 204, and nothing of ours, verifies them; ours takes what it made."""
    signer = ring.signer(name, NOW)
    published = {key["kid"]: key for key in json.loads(ring.jwks(NOW).body)["keys"]}[signer.kid]
    token = encode(signer, typ="at+jwt", claims={"sub": "somebody"})
    signed, _, signature = token.rpartition(".")

    key = PUBLIC[name].from_public_bytes(base64url.decode(published["pub"].encode()))
    key.verify(base64url.decode(signature.encode()), signed.encode(), None)
    assert SIZES[name] == (len(key.public_bytes_raw()), len(base64url.decode(signature.encode())))
    assert {"sub": "somebody"} == verify(ring, token, typ="at+jwt", now=NOW)


@pytest.mark.parametrize("name", NAMES)
def test_only_the_public_members_are_published(
    name: str, ring: KeyRing, kek: FileKek, active_keys: dict[str, KeyRecord]
) -> None:
    """RFC 9964 §3: kty, alg, pub; `priv`, which is the seed, is in no member and nowhere in the octets."""
    body = ring.jwks(NOW).body
    (key,) = [key for key in json.loads(body)["keys"] if key["alg"] == name]
    seed = unwrap(active_keys[name], kek)[-32:]

    assert {"kty", "alg", "pub", "kid", "use"} == key.keys()
    assert ("AKP", "sig") == (key["kty"], key["use"])
    assert base64url.encode(seed) not in body
    assert PRIVATE[name].from_seed_bytes(seed).public_key().public_bytes_raw() == base64url.decode(key["pub"].encode())


def test_a_key_counts_for_its_own_parameter_set_only() -> None:
    """A public key that names another algorithm, or none, is refused though its octets would do."""
    pub = RFC9964["ML-DSA-65"]["pub"]
    for members in ({"alg": "ML-DSA-44"}, {"alg": "ES256"}, {}):
        with pytest.raises(KeyDamaged):
            algorithm("ML-DSA-65").verifying({"kty": "AKP", "pub": pub, **members})


@pytest.mark.parametrize("members", [{"alg": "ML-DSA-44"}, {"pub": "AA"}])
def test_a_thumbprint_needs_alg_and_pub(members: dict[str, str]) -> None:
    """RFC 9964 makes both required members of the thumbprint: the same octets under another alg are another key."""
    with pytest.raises(KeyDamaged):
        thumbprint({"kty": "AKP", **members})
    same = jwk_of("ML-DSA-44")
    assert thumbprint(same) != thumbprint(same | {"alg": "ML-DSA-65"})


def test_two_signatures_of_one_text_differ(ring: KeyRing) -> None:
    """Signing is hedged (FIPS 204 §3.4): fresh randomness each time, so that a fault cannot be compared away."""
    signer = ring.signer("ML-DSA-44", NOW)

    assert signer.sign(b"text") != signer.sign(b"text")


@pytest.mark.parametrize("name", NAMES)
def test_half_hashes_are_those_of_shake256(name: str) -> None:
    """Decision 40: the left half of 64 octets of SHAKE256; the value is OpenSSL's."""
    value = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"

    assert "W6Ie3EoycJT-JESJ2WSAWX7LRP3FuHvmvNycBMeL-Nk" == half_hash(name, value)
    assert half_hash(name, value).encode() == base64url.encode(hashlib.shake_256(value.encode()).digest(32))
