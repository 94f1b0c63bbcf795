"""Signature algorithms, held against the vectors of the RFCs."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idp.clients.policy import SIGNING_ALGS
from keys import base64url
from keys.algorithms import ALGORITHMS, algorithm, half_hash, thumbprint
from keys.errors import KeyDamaged, UnsupportedAlgorithm
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.wrapping import unwrap

PKCS8 = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

RFC7515_A3_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RFC7515_A3_JWS = (
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
RFC8037_D = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC8037_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RFC8037_JWS = (
    "eyJhbGciOiJFZERTQSJ9"
    ".RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
POST_QUANTUM = ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87")
RFC7638_KEY = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    ),
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


def test_what_is_on_offer() -> None:
    """All asymmetric, and a client can be registered for each."""
    assert ["ES256", "RS256", "PS256", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"] == list(ALGORITHMS)
    assert SIGNING_ALGS == tuple(ALGORITHMS)


@pytest.mark.parametrize("name", ["none", "HS256", "EdDSA", "ES384", "RS512", "es256", "ML-DSA", "ML-DSA-65-ES256", ""])
def test_nothing_else_is(name: str) -> None:
    """Foreign and symmetric names have nothing behind them."""
    with pytest.raises(UnsupportedAlgorithm):
        algorithm(name)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_signature_verifies_and_a_changed_one_does_not(
    name: str, kek: FileKek, active_keys: dict[str, KeyRecord]
) -> None:
    """Each algorithm verifies what it signs, and neither a changed octet, another text nor another length."""
    record = active_keys[name]
    signature = algorithm(name).signing(unwrap(record, kek))(b"text")
    verify = algorithm(name).verifying(record.public_jwk)

    verify(signature, b"text")
    for wrong, text in (
        (signature, b"texT"),
        (bytes([signature[0] ^ 1]) + signature[1:], b"text"),
        (signature[:-1], b"text"),
        (signature + b"\0", b"text"),
        (b"", b"text"),
        (bytes(len(signature)), b"text"),
        (b"\xff" * len(signature), b"text"),
    ):
        with pytest.raises(InvalidSignature):
            verify(wrong, text)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_public_members_are_those_of_the_thumbprint(name: str, active_keys: dict[str, KeyRecord]) -> None:
    """Nothing private is among the members, and the kid is the thumbprint (RFC 7638)."""
    record = active_keys[name]

    assert set(record.public_jwk) <= {"kty", "crv", "x", "y", "n", "e", "alg", "pub"}
    assert record.kid == thumbprint(record.public_jwk)


@pytest.mark.parametrize(
    ("name", "key", "token"),
    [("ES256", RFC7515_A3_KEY, RFC7515_A3_JWS), ("Ed25519", RFC8037_KEY, RFC8037_JWS)],
)
def test_signatures_of_the_rfcs_verify(name: str, key: dict[str, str], token: str) -> None:
    """RFC 7515 A.3 and RFC 8037 A.4."""
    signed, _, signature = token.rpartition(".")

    algorithm(name).verifying(key)(base64url.decode(signature.encode()), signed.encode())


def test_the_signature_of_rfc_8037_is_made() -> None:
    """Ed25519 is deterministic: the signature of RFC 8037 A.4 comes out to the octet, with A.2's public key."""
    private = Ed25519PrivateKey.from_private_bytes(base64url.decode(RFC8037_D.encode())).private_bytes(*PKCS8)
    signed, _, signature = RFC8037_JWS.rpartition(".")

    assert RFC8037_KEY == algorithm("Ed25519").public_jwk(private)
    assert signature.encode() == base64url.encode(algorithm("Ed25519").signing(private)(signed.encode()))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (RFC7638_KEY, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (RFC8037_KEY, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ],
)
def test_thumbprints_of_the_rfcs(key: dict[str, str], expected: str) -> None:
    """RFC 7638 §3.1 and RFC 8037 A.3."""
    assert expected == thumbprint(key)


@pytest.mark.parametrize("key", [{}, {"kty": "oct", "k": "AA"}, {"kty": "EC", "crv": "P-256", "x": "AA"}])
def test_what_is_no_public_key_has_no_thumbprint(key: dict[str, str]) -> None:
    """Missing members and symmetric keys are refused."""
    with pytest.raises(KeyDamaged):
        thumbprint(key)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_key_of_another_kind_is_refused(name: str) -> None:
    """Wrong curve, wrong type, too few bits and no key at all."""
    foreign = [generate_private_key(SECP384R1()).private_bytes(*PKCS8), b"", b"\x30\x03\x02\x01\x00"]
    if name != "Ed25519":
        foreign.append(Ed25519PrivateKey.generate().private_bytes(*PKCS8))
    if name in {"RS256", "PS256"}:
        foreign.append(generate_rsa(65537, 2048).private_bytes(*PKCS8))
    foreign += [algorithm(other).generate() for other in POST_QUANTUM if other != name]
    for private in foreign:
        with pytest.raises(KeyDamaged):
            algorithm(name).signing(private)


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize(
    "key",
    [
        {},
        {"x": "AA", "y": "AA"},
        {"n": "AQAB", "e": "AQAB"},
        {"x": "é"},
        {"x": "A=", "n": "A", "e": "AQAB"},
        {"pub": "AA"},
    ],
)
def test_a_damaged_public_part_is_refused(name: str, key: dict[str, str]) -> None:
    """What is no public key of the algorithm raises our error."""
    with pytest.raises(KeyDamaged):
        algorithm(name).verifying(key)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"),
        ("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", "LDktKdoQak3Pk0cnXxCltA"),
    ],
)
@pytest.mark.parametrize("name", ["ES256", "RS256", "PS256"])
def test_half_hashes_of_openid_connect(name: str, value: str, expected: str) -> None:
    """The at_hash and c_hash of OpenID Connect Core A.3 and A.4."""
    assert expected == half_hash(name, value)


def test_half_hash_of_ed25519_is_that_of_sha_512() -> None:
    """Ed25519's own hash is SHA-512, so its half is 32 octets."""
    assert 32 == len(base64url.decode(half_hash("Ed25519", "token").encode()))
