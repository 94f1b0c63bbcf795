"""ML-DSA from registration to sign-out: opt-in, verified by FIPS 204 alone, and not too long for any of our doors."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey, MLDSA65PublicKey, MLDSA87PublicKey
from joserfc import jwt
from werkzeug.test import TestResponse

from keys import base64url
from tests.protocol.world import World, claims_of, header_of, world_on
from tests.support.databases import copy_sqlite
from tests.support.in_process import AFTER_LOGOUT

ML_DSA: dict[str, Callable[[bytes], Any]] = {
    "ML-DSA-44": MLDSA44PublicKey.from_public_bytes,
    "ML-DSA-65": MLDSA65PublicKey.from_public_bytes,
    "ML-DSA-87": MLDSA87PublicKey.from_public_bytes,
}
# RFC 7230 §3.1.1 and nginx' own default: a request line, or one header, of 8 kB passes everywhere.
EVERYWHERE = 8_000


@pytest.fixture(scope="module")
def quantum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give an issuer that has switched ML-DSA on."""
    folder = tmp_path_factory.mktemp("quantum")
    with world_on(copy_sqlite(folder / "idp.sqlite"), folder, signing_algs=("ES256", *ML_DSA)) as made:
        yield made


def verify_with_nothing_of_ours(world: World, token: str) -> None:
    """Verify a token by the JWKS and `cryptography`; raises."""
    header = header_of(token)
    (key,) = [key for key in world.get("/jwks").get_json()["keys"] if key["kid"] == header["kid"]]
    assert ("AKP", header["alg"]) == (key["kty"], key["alg"])
    signed, _, signature = token.rpartition(".")
    ML_DSA[header["alg"]](base64url.decode(key["pub"].encode())).verify(
        base64url.decode(signature.encode()), signed.encode()
    )


@pytest.mark.parametrize("alg", ML_DSA)
def test_a_client_may_choose_it(quantum: World, alg: str) -> None:
    """Access token, ID token and userinfo are signed with it; at_hash is of SHAKE256 (decision 40)."""
    app = quantum.app(id_token_signed_response_alg=alg, userinfo_signed_response_alg=alg)
    tokens = app.tokens(quantum.browser(), scope="openid profile offline_access")
    userinfo = app.userinfo(tokens["access_token"])
    for token in (tokens["access_token"], tokens["id_token"], userinfo.text):
        assert alg == header_of(token)["alg"]
        verify_with_nothing_of_ours(quantum, token)
    digest = hashlib.shake_256(tokens["access_token"].encode()).digest(64)
    assert base64.urlsafe_b64encode(digest[:32]).rstrip(b"=").decode() == claims_of(tokens["id_token"])["at_hash"]
    assert "Dana Driver" == claims_of(userinfo.text)["name"]
    assert alg == header_of(app.refresh(tokens["refresh_token"]).get_json()["access_token"])["alg"]


def test_tokens_may_differ(quantum: World) -> None:
    """An API that is ready asks for ML-DSA while the app's own ID token stays ES256, and the other way round."""
    for access, identity in (("ML-DSA-65", "ES256"), ("ES256", "ML-DSA-65")):
        app = quantum.app(id_token_signed_response_alg=identity, access_token_signed_response_alg=access)
        tokens = app.tokens(quantum.browser())
        assert [access, identity] == [header_of(tokens[name])["alg"] for name in ("access_token", "id_token")]


def test_the_longest_tokens_pass_every_door(quantum: World) -> None:
    """ML-DSA-87 in the Authorization header, in a form and in the address of a sign-out."""
    app = quantum.app(id_token_signed_response_alg="ML-DSA-87")
    browser = quantum.browser()
    tokens = app.tokens(browser, scope="openid profile email address phone api")
    assert (
        6_200 < len(tokens["access_token"]) < len("Authorization: Bearer ") + len(tokens["access_token"]) < EVERYWHERE
    )
    assert 200 == app.userinfo(tokens["access_token"]).status_code
    assert app.introspect(tokens["access_token"])["active"] is True
    silent = app.ask(browser, prompt="none", id_token_hint=tokens["id_token"])
    assert "code" in app.answer(silent)
    query = urlencode({
        "id_token_hint": tokens["id_token"], "post_logout_redirect_uri": AFTER_LOGOUT, "state": "s" * 64
    })  # fmt: skip
    assert len(f"GET /end-session?{query} HTTP/1.1") < EVERYWHERE
    assert (303, AFTER_LOGOUT + "?state=" + "s" * 64) == _answer(browser.get(f"/end-session?{query}"))
    assert 401 == app.userinfo(tokens["access_token"]).status_code


def _answer(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.headers.get("Location", "")


def test_it_is_listed_only_where_it_is_on(quantum: World, world: World) -> None:
    """In discovery and in the JWKS; an issuer whose settings don't name it has none of it."""
    for issuer, expected in ((quantum, set(ML_DSA)), (world, set())):
        listed = issuer.discovery()["id_token_signing_alg_values_supported"]
        published = {key["alg"] for key in issuer.get("/jwks").get_json()["keys"]}
        assert (expected, expected) == (set(listed) & set(ML_DSA), published & set(ML_DSA))


def test_other_apps_notice_nothing(quantum: World) -> None:
    """A library that knows no AKP passes over these keys (RFC 7517 §5) and verifies its ES256 tokens as before."""
    tokens = quantum.app().tokens(quantum.browser())
    assert "ES256" == header_of(tokens["id_token"])["alg"]
    assert quantum.sub == jwt.decode(tokens["id_token"], quantum.keys(), algorithms=["ES256"]).claims["sub"]


def test_nobody_authenticates_with_it(quantum: World) -> None:
    """Client assertions are verified by a library that has no ML-DSA, so discovery does not promise it."""
    document = quantum.discovery()
    for endpoint in ("token", "introspection", "revocation"):
        assert not set(ML_DSA) & set(document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"])


def test_a_key_of_one_parameter_set_signs_for_no_other(quantum: World) -> None:
    """The header's alg is the key's own, or the token is refused."""
    app = quantum.app(id_token_signed_response_alg="ML-DSA-44")
    token = app.tokens(quantum.browser())["access_token"]
    for alg in ("ML-DSA-65", "ES256"):
        head, rest = token.split(".", 1)
        forged = base64url.decode(head.encode()).replace(b"ML-DSA-44", alg.encode())
        assert 401 == app.userinfo(f"{base64url.encode(forged).decode()}.{rest}").status_code
