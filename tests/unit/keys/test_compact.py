"""Our own JWT encoding, with joserfc as the oracle; what it lacks (RFC 9964) is in test_ml_dsa.py."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import booleans, dictionaries, integers, lists, none, recursive, text
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from keys.compact import encode, verify
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.ring import KeyRing
from keys.wrapping import unwrap
from tests.unit.keys.conftest import NOW

CLAIMS = {"iss": "https://idp.example", "aud": ["a", "b"], "exp": 1_800_000_300, "nested": {"ü": [True, None, 1.5]}}
OracleKey = ECKey | RSAKey | OKPKey
KEY_TYPES: dict[str, type[OracleKey]] = {"ES256": ECKey, "RS256": RSAKey, "PS256": RSAKey, "Ed25519": OKPKey}
REGISTRY = jws.JWSRegistry(algorithms=list(KEY_TYPES))

json_values = recursive(
    none() | booleans() | integers(-(2**53), 2**53) | text(max_size=20),
    lambda inner: lists(inner, max_size=3) | dictionaries(text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def oracle_keys(ring: KeyRing) -> KeySet:
    """The published keys, as a relying party's library reads them."""
    return KeySet.import_key_set(json.loads(ring.jwks(NOW).body))


@pytest.mark.parametrize("name", KEY_TYPES)
def test_joserfc_verifies_what_we_sign(name: str, ring: KeyRing) -> None:
    """A relying party with the JWKS reads header and claims."""
    signer = ring.signer(name, NOW)

    token = jwt.decode(encode(signer, typ="at+jwt", claims=CLAIMS), oracle_keys(ring), registry=REGISTRY)

    assert {"alg": name, "kid": signer.kid, "typ": "at+jwt"} == token.header
    assert CLAIMS == token.claims


@pytest.mark.parametrize("name", KEY_TYPES)
def test_we_verify_what_joserfc_signs(
    name: str, ring: KeyRing, kek: FileKek, active_keys: dict[str, KeyRecord]
) -> None:
    """The same key in other hands makes the same kind of token."""
    record = active_keys[name]
    key = KEY_TYPES[name].import_key(unwrap(record, kek))
    header = {"typ": "JWT", "kid": record.kid, "alg": name}

    token = jwt.encode(header, dict(CLAIMS), key, registry=REGISTRY)

    assert CLAIMS == verify(ring, token, typ="JWT", now=NOW)


@pytest.mark.parametrize("name", ["RS256", "Ed25519"])
def test_deterministic_signatures_agree_to_the_octet(
    name: str, ring: KeyRing, kek: FileKek, active_keys: dict[str, KeyRecord]
) -> None:
    """Where the algorithm knows no chance, both make the same token of the same claims."""
    signer = ring.signer(name, NOW)
    key = KEY_TYPES[name].import_key(unwrap(active_keys[name], kek))
    header = {"alg": name, "kid": signer.kid, "typ": "JWT"}
    theirs = jws.serialize_compact(header, b'{"sub":"somebody","exp":1}', key, registry=REGISTRY)

    assert theirs == encode(signer, typ="JWT", claims={"sub": "somebody", "exp": 1})


@settings(max_examples=40)
@given(claims=dictionaries(text(max_size=10), json_values, max_size=5))
def test_any_claims_come_back(ring: KeyRing, claims: dict[str, Any]) -> None:
    """Whatever JSON is signed is what is verified, by us and by the oracle."""
    token = encode(ring.signer("ES256", NOW), typ="JWT", claims=claims)

    assert claims == verify(ring, token, typ="JWT", now=NOW)
    assert claims == json.loads(jws.deserialize_compact(token, oracle_keys(ring), registry=REGISTRY).payload)


def test_each_type_has_its_header(ring: KeyRing) -> None:
    """Headers are kept per type and not mixed up."""
    signer = ring.signer("ES256", NOW)
    heads = {typ: encode(signer, typ=typ, claims={}).partition(".")[0] for typ in ("JWT", "at+jwt", "logout+jwt")}

    assert 3 == len(set(heads.values()))
    assert heads["JWT"] == encode(signer, typ="JWT", claims={"a": 1}).partition(".")[0]
