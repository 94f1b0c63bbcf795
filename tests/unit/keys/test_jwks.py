"""The rendered JWK Set."""

import json
from dataclasses import replace
from hashlib import sha256

from hypothesis import given, settings
from hypothesis.strategies import dictionaries, from_regex, text
from joserfc.jwk import KeySet

from keys import base64url
from keys.jwks import render
from keys.records import KeyRecord
from keys.ring import KeyRing
from keys.states import KeyState
from tests.unit.keys.conftest import NOW

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}


def test_each_key_names_its_use(ring: KeyRing, active_keys: dict[str, KeyRecord]) -> None:
    """kid, use and alg stand beside the public members (RFC 7517 §4)."""
    keys = {key["alg"]: key for key in json.loads(ring.jwks(NOW).body)["keys"]}

    assert {
        name: {**record.public_jwk, "kid": record.kid, "use": "sig", "alg": name}
        for name, record in active_keys.items()
    } == keys


def test_it_is_rendered_once(ring: KeyRing) -> None:
    """The same object is handed out again."""
    assert ring.jwks(NOW) is ring.jwks(NOW + 1000)


def test_its_tag_is_strong_and_that_of_the_body(ring: KeyRing) -> None:
    """The entity tag is the quoted digest of the octets."""
    jwks = ring.jwks(NOW)

    assert f'"{base64url.encode(sha256(jwks.body).digest()).decode()}"' == jwks.etag


def test_a_jose_library_reads_it(ring: KeyRing) -> None:
    """It imports every key whose type it knows, passes over the others (RFC 7517 §5), and the thumbprints agree."""
    imported = KeySet.import_key_set(json.loads(ring.jwks(NOW).body))

    assert 4 == len(imported.keys)
    for key in imported.keys:
        assert key.kid == key.thumbprint()


def test_the_active_key_comes_first(active_keys: dict[str, KeyRecord]) -> None:
    """Order follows the state, not the order of the rows, and is the same each time."""
    es, rs = active_keys["ES256"], active_keys["RS256"]
    waiting = replace(es, state=KeyState.STAGED)

    assert [rs.kid, es.kid] == [key["kid"] for key in json.loads(render([waiting, rs]).body)["keys"]]
    assert render([waiting, rs]) == render([rs, waiting])


@settings(max_examples=40)
@given(dictionaries(from_regex(r"\A[a-z]{1,4}\Z"), text(max_size=5)))
def test_private_members_never_get_out(members: dict[str, str]) -> None:
    """Whatever a row's public part was made to hold, only public members are rendered (K13)."""
    rendered = render([_record({**members, **dict.fromkeys(PRIVATE, "secret")})])

    assert set() == PRIVATE & set(json.loads(rendered.body)["keys"][0])
    assert b"secret" not in rendered.body


def _record(public_jwk: dict[str, str]) -> KeyRecord:
    return KeyRecord(
        kid="kid",
        algorithm="ES256",
        purpose="tokens",
        state=KeyState.ACTIVE,
        public_jwk=public_jwk,
        wrapped=None,
        kek_id="kek",
        created_at=NOW,
        effective_at=NOW,
        epoch=1,
    )
