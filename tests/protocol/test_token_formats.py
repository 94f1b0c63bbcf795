"""What tokens say and how they are signed: access tokens by RFC 9068, ID tokens by OpenID Connect Core §2."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import JoseError

from tests.protocol.candidate import check_token_error
from tests.protocol.world import ALGORITHMS, World, claims_of, header_of
from tests.support.in_process import ADDRESS, App

HASH_OF = {"ES256": hashlib.sha256, "RS256": hashlib.sha256, "PS256": hashlib.sha256, "Ed25519": hashlib.sha512}
PERSONS_TOKEN = {
    "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope", "grant_id", "sid", "auth_time", "acr", "amr",
}  # fmt: skip
OWN_TOKEN = {"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope", "grant_id"}


def verified(world: World, token: str, alg: str) -> dict[str, Any]:
    """Verify with the published keys and this algorithm alone."""
    return dict(jwt.decode(token, world.keys(), algorithms=[alg]).claims)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_client_chooses_its_algorithm(world: World, alg: str) -> None:
    """Access token, ID token and userinfo verify by joserfc with the published keys; at_hash is the alg's own."""
    app = world.app(id_token_signed_response_alg=alg, userinfo_signed_response_alg=alg)
    tokens = app.tokens(world.browser(), scope="openid profile")
    for token in (tokens["access_token"], tokens["id_token"]):
        assert alg == header_of(token)["alg"]
        for other in set(ALGORITHMS) - {alg}:
            with pytest.raises(JoseError):
                verified(world, token, other)
    assert world.sub == verified(world, tokens["access_token"], alg)["sub"]
    digest = HASH_OF[alg](tokens["access_token"].encode()).digest()
    left_half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    assert left_half == verified(world, tokens["id_token"], alg)["at_hash"]
    userinfo = app.userinfo(tokens["access_token"])
    assert (200, "application/jwt") == (userinfo.status_code, userinfo.headers["Content-Type"])
    claims = verified(world, userinfo.text, alg)
    assert (ADDRESS, app.client_id, world.sub) == (claims["iss"], claims["aud"], claims["sub"])
    assert "Dana Driver" == claims["name"]
    assert "nonce" not in claims


def test_access_and_id_tokens_may_differ(world: World) -> None:
    """A resource server's algorithm need not be the app's."""
    app = world.app(id_token_signed_response_alg="PS256", access_token_signed_response_alg="Ed25519")
    tokens = app.tokens(world.browser())
    assert ("Ed25519", "PS256") == (header_of(tokens["access_token"])["alg"], header_of(tokens["id_token"])["alg"])
    assert 200 == app.userinfo(tokens["access_token"]).status_code
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()
    assert base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode() == claims_of(tokens["id_token"])["at_hash"]


@pytest.mark.parametrize(("profile", "alg"), [("default", "ES256"), ("oidc-basic", "RS256")])
def test_the_profile_decides_what_is_not_registered(world: World, profile: str, alg: str) -> None:
    """ES256, but RS256 where certification and registration defaults demand it."""
    tokens = world.app(profile=profile).tokens(world.browser())
    assert {alg} == {header_of(tokens[name])["alg"] for name in ("access_token", "id_token")}


def test_a_persons_access_token(world: World) -> None:
    """RFC 9068 §2.1, §2.2: header and claims, exactly."""
    app = world.app()
    browser = world.browser()
    tokens = app.tokens(browser, scope="openid profile api")
    header, claims = header_of(tokens["access_token"]), claims_of(tokens["access_token"])
    assert {"alg", "kid", "typ"} == header.keys()
    assert "at+jwt" == header["typ"]
    assert PERSONS_TOKEN == claims.keys()
    assert (ADDRESS, app.client_id, app.client_id) == (claims["iss"], claims["aud"], claims["client_id"])
    assert (world.sub, "openid profile api") == (claims["sub"], claims["scope"])
    assert (int(world.clock()), int(world.clock()) + 300) == (claims["iat"], claims["exp"])
    assert ("urn:idp:pwd", ["pwd"]) == (claims["acr"], claims["amr"])
    id_claims = claims_of(tokens["id_token"])
    for shared in ("iss", "sub", "sid", "auth_time", "acr", "amr", "iat"):
        assert id_claims[shared] == claims[shared], shared
    assert claims["grant_id"] not in str(id_claims)


def test_a_clients_own_access_token(world: World) -> None:
    """RFC 9068 §2.2: `sub` is the client; there is no session and nobody's sign-in."""
    app = world.app()
    response = app.call("/token", {"grant_type": "client_credentials"})
    tokens = response.get_json()
    assert {"access_token", "token_type", "expires_in", "scope"} == tokens.keys()
    claims = claims_of(tokens["access_token"])
    assert "at+jwt" == header_of(tokens["access_token"])["typ"]
    assert OWN_TOKEN == claims.keys()
    assert (app.client_id, app.client_id, "api") == (claims["sub"], claims["client_id"], claims["scope"])
    assert claims["jti"] == claims["grant_id"]


def test_audiences_are_the_registered_ones(world: World) -> None:
    """One as text, several as a list (RFC 7519 §4.1.3); the ID token's is the client whatever they are."""
    for audiences, expected in (
        (["https://api.example.com"], "https://api.example.com"),
        (["https://a.example.com", "https://b.example.com"], ["https://a.example.com", "https://b.example.com"]),
    ):
        app = world.app(audiences=audiences)
        tokens = app.tokens(world.browser())
        assert expected == claims_of(tokens["access_token"])["aud"]
        assert app.client_id == claims_of(tokens["id_token"])["aud"]
        assert 200 == app.userinfo(tokens["access_token"]).status_code


def test_token_ids_are_unique(world: World) -> None:
    """Of people's tokens and of clients'; grants too, and a session has one sid."""
    app, browser = world.app(), world.browser()
    first = app.tokens(browser, scope="openid offline_access")
    people = [claims_of(app.refresh(first["refresh_token"]).get_json()["access_token"]) for _ in range(10)]
    again = claims_of(app.exchange(app.answer(app.ask(browser))["code"]).get_json()["access_token"])
    own = [
        claims_of(app.call("/token", {"grant_type": "client_credentials"}).get_json()["access_token"])
        for _ in range(10)
    ]
    ids = [claims["jti"] for claims in [*people, again, *own]]
    assert len(ids) == len(set(ids))
    assert 1 == len({claims["grant_id"] for claims in people})
    assert again["grant_id"] != people[0]["grant_id"]
    assert again["sid"] == people[0]["sid"]


def test_the_id_token_is_no_access_token(world: World) -> None:
    """And the other way round: types differ, and each is refused in the other's place (SECURITY T76)."""
    app = world.app()
    tokens = app.tokens(world.browser())
    assert "JWT" == header_of(tokens["id_token"])["typ"]
    response = app.userinfo(tokens["id_token"])
    assert 401 == response.status_code
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_without_openid_there_is_no_id_token(world: World) -> None:
    """A plain OAuth request gets an access token alone, and userinfo says which scope it wants (RFC 6750 §3.1)."""
    app = world.app()
    tokens = app.tokens(world.browser(), scope="api")
    assert {"access_token", "token_type", "expires_in", "scope"} == tokens.keys()
    response = app.userinfo(tokens["access_token"])
    assert (403, "insufficient_scope") == (response.status_code, response.get_json()["error"])
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


def test_scopes_that_are_not_registered_are_left_out(world: World) -> None:
    """Core §3.1.2.1: not understood, ignored; the response says what was granted (RFC 6749 §3.3)."""
    app = world.app(scope="openid email")
    tokens = app.tokens(world.browser(), scope="openid email profile payments:write")
    assert "openid email" == tokens["scope"]
    assert {"sub", "email", "email_verified"} == app.userinfo(tokens["access_token"]).get_json().keys()


def test_a_refreshed_token_never_has_more(world: World) -> None:
    """RFC 6749 §6: narrower is possible, wider is invalid_scope, and a narrow one does not narrow the family."""
    app = world.app()
    tokens = app.tokens(world.browser(), scope="openid email offline_access")
    narrow = app.refresh(tokens["refresh_token"], scope="openid").get_json()
    assert ("openid", "openid") == (narrow["scope"], claims_of(narrow["access_token"])["scope"])
    assert {"sub"} == app.userinfo(narrow["access_token"]).get_json().keys()
    for wider in ("openid profile", "api", "nonsense", "openid  api"):
        check_token_error(app.refresh(tokens["refresh_token"], scope=wider), "invalid_scope")
    whole = app.refresh(tokens["refresh_token"]).get_json()
    assert "openid email offline_access" == whole["scope"]


def test_a_client_gets_its_own_scopes_alone(world: World) -> None:
    """client_credentials knows nobody's profile."""
    app = world.app(scope="openid email api other")
    call = {"grant_type": "client_credentials"}
    assert "api other" == app.call("/token", call).get_json()["scope"]
    assert "api" == app.call("/token", {**call, "scope": "api"}).get_json()["scope"]
    for wrong in ("openid", "email", "api openid", "nonsense"):
        check_token_error(app.call("/token", {**call, "scope": wrong}), "invalid_scope")


def test_a_claims_request_for_one_person(world: World) -> None:
    """Core §3.1.2.2: `sub` asked for by value gets that person or nobody."""
    app, browser = world.app(), world.browser()
    app.tokens(browser)
    wanted = {"claims": json.dumps({"id_token": {"sub": {"value": world.sub}}}), "prompt": "none"}
    assert "code" in app.answer(app.ask(browser, **wanted))
    other = {"claims": json.dumps({"id_token": {"sub": {"value": "somebody"}}}), "prompt": "none"}
    assert "login_required" == app.answer(app.ask(browser, **other))["error"]


def test_a_hint_and_a_claim_of_two_people(world: World) -> None:
    """What nobody could fulfil is refused at once."""
    app, browser = world.app(), world.browser()
    hint = app.tokens(browser)["id_token"]
    claims = json.dumps({"id_token": {"sub": {"value": "somebody"}}})
    assert "invalid_request" == app.answer(app.ask(browser, claims=claims, id_token_hint=hint))["error"]


def test_acr_and_amr_may_be_asked_for(world: World) -> None:
    """Essential or not, what can be met is met, and what cannot is said so (Core §5.5.1.1)."""
    app = world.app()
    met = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:idp:pwd", "urn:other"]}, "amr": None}})
    assert "urn:idp:pwd" == claims_of(app.tokens(world.browser(), claims=met)["id_token"])["acr"]
    unmet = json.dumps({"id_token": {"acr": {"essential": True, "value": "urn:other"}}})
    error = app.answer(app.ask(world.browser(), claims=unmet))["error"]
    assert "unmet_authentication_requirements" == error
    wish = json.dumps({"id_token": {"acr": {"values": ["urn:other"]}}})
    assert "urn:idp:pwd" == claims_of(app.tokens(world.browser(), claims=wish)["id_token"])["acr"]


def test_the_app_of_a_public_client(world: World) -> None:
    """A public client has the same tokens, with a rotating refresh token."""
    app: App = world.app(public=True)
    tokens = app.tokens(world.browser(), scope="openid offline_access")
    refreshed = app.refresh(tokens["refresh_token"]).get_json()
    assert tokens["refresh_token"] != refreshed["refresh_token"]
    assert claims_of(tokens["access_token"])["grant_id"] == claims_of(refreshed["access_token"])["grant_id"]
