"""What joserfc really does and we work around: a canary for each, so that the work-around goes when its reason does."""

from __future__ import annotations

import json
import time

import pytest
from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from idp.oidc.client_assertion import ASSERTION_ALGS
from tests.protocol.stock import still_faulty
from tests.protocol.world import World, header_of


def test_canary_a_key_set_signs_with_any_of_its_keys() -> None:
    """Published beside the active key, a staged one would sign too: so our Signer holds one key."""
    keys = KeySet([ECKey.generate_key("P-256", auto_kid=True) for _ in range(3)])
    used = {header_of(jwt.encode({"alg": "ES256"}, {}, keys))["kid"] for _ in range(60)}
    still_faulty(len(used) > 1, "nothing: idp/issuance asks the ring for the active signer")


def test_tokens_are_signed_by_the_active_key_alone(world: World) -> None:
    """Every token of an algorithm names one kid, though more are published."""
    app = world.app()
    tokens = [app.call("/token", {"grant_type": "client_credentials"}).get_json()["access_token"] for _ in range(20)]
    assert 1 == len({header_of(token)["kid"] for token in tokens})
    assert 2 <= len([key for key in world.get("/jwks").get_json()["keys"] if key["alg"] == "ES256"])


def test_canary_a_single_key_writes_no_kid() -> None:
    """A relying party with two of our keys could not choose."""
    token = jwt.encode({"alg": "ES256"}, {}, ECKey.generate_key("P-256", auto_kid=True))
    still_faulty("kid" not in header_of(token), "nothing: keys/signer.py writes the header")


def test_canary_long_headers_are_refused() -> None:
    """512 octets: too few for an RSA key or a certificate in the header (DPoP proofs, x5c)."""
    still_faulty(512 == jws.JWSRegistry.max_header_length, "none yet: mind it when DPoP comes")


@pytest.mark.parametrize("alg", ["PS256", "Ed25519"])
def test_canary_few_algorithms_by_default(alg: str) -> None:
    """Without a list of algorithms there are HS256, RS256 and ES256; the first must never be among ours."""
    key = RSAKey.generate_key(2048) if alg == "PS256" else OKPKey.generate_key("Ed25519")
    with pytest.raises(JoseError):
        jwt.encode({"alg": alg}, {}, key)
    still_faulty("HS256" in jws.JWSRegistry.recommended, "the list given to JWSRegistry in client_assertion.py")
    assert not {one for one in ASSERTION_ALGS if one.startswith("HS") or one == "none"}


def test_canary_the_old_name_of_ed25519_warns() -> None:
    """RFC 9864 replaced EdDSA; clients still send it, and nobody here may be disturbed by the warning."""
    with pytest.warns(SecurityWarning):
        jwt.encode({"alg": "EdDSA"}, {}, OKPKey.generate_key("Ed25519"), algorithms=["EdDSA"])


def test_canary_decoding_checks_no_claims() -> None:
    """Expired and of any type: the caller must look."""
    key = OctKey.generate_key(256)
    token = jwt.encode({"alg": "HS256", "typ": "anything"}, {"exp": int(time.time()) - 1}, key)
    still_faulty("exp" in jwt.decode(token, key).claims, "_checked in idp/oidc/client_assertion.py")


def test_canary_numbers_that_are_none() -> None:
    """NaN and Infinity are no JSON, but pass as claims: every comparison with them must fail on the safe side."""
    key = OctKey.generate_key(256)
    token = jws.serialize_compact({"alg": "HS256"}, json.dumps({"exp": float("nan")}), key)
    still_faulty(jwt.decode(token, key).claims["exp"] != 0, "_within in idp/oidc/client_assertion.py")
