"""The modules about what is issued: ID tokens, userinfo, claims, and what a code and a refresh token pay for."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.protocol.candidate import Candidate, candidate, check_token_error, check_tokens, check_userinfo, sign_in
from tests.protocol.world import World

ALL_SCOPES = ("profile", "email", "address", "phone")


def test_oidcc_server(world: World, app: Candidate) -> None:
    """The whole code flow; the ID token holds nothing that was not asked for, and its at_hash is right."""
    signed_in = sign_in(world, app, scope="openid profile email")
    assert "at_hash" in signed_in.claims
    assert "c_hash" not in signed_in.claims


def test_oidcc_idtoken_signature(world: World, app: Candidate) -> None:
    """With no algorithm registered the ID token is signed by RS256 and names its key."""
    token = sign_in(world, app).tokens["id_token"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert "RS256" == header["alg"]
    assert header["kid"] in {key.kid for key in world.keys().keys}


def test_oidcc_idtoken_unsigned(world: World) -> None:
    """Skipped by the suite, since discovery does not list none."""
    assert "none" not in world.discovery()["id_token_signing_alg_values_supported"]


def test_oidcc_userinfo_get(world: World, app: Candidate) -> None:
    """Userinfo answers GET with the ID token's person."""
    tokens = sign_in(world, app, scope="openid profile email address phone").tokens
    check_userinfo(app.userinfo(tokens["access_token"]), world.sub, *ALL_SCOPES)


def test_oidcc_userinfo_post_header(world: World, app: Candidate) -> None:
    """Userinfo answers POST with the token in the header."""
    tokens = sign_in(world, app, scope="openid profile email address phone").tokens
    # RFC 9110 §8.6: a POST without content says so.
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    response = world.send("POST", "/userinfo", headers=headers, environ_overrides={"CONTENT_LENGTH": "0"})
    check_userinfo(response, world.sub, *ALL_SCOPES)


def test_oidcc_userinfo_post_body(world: World, app: Candidate) -> None:
    """Userinfo answers POST with the token in the form."""
    tokens = sign_in(world, app, scope="openid profile email address phone").tokens
    response = world.send("POST", "/userinfo", data={"access_token": tokens["access_token"]})
    check_userinfo(response, world.sub, *ALL_SCOPES)


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(world: World, app: Candidate) -> None:
    """The code flow needs no nonce."""
    assert "nonce" not in sign_in(world, app, nonce=None).claims


def test_oidcc_scope_profile(world: World, app: Candidate) -> None:
    """Userinfo gives every claim of the scope profile, the ID token none."""
    _check_scope(world, app, "profile")


def test_oidcc_scope_email(world: World, app: Candidate) -> None:
    """Userinfo gives every claim of the scope email, the ID token none."""
    _check_scope(world, app, "email")


def test_oidcc_scope_address(world: World, app: Candidate) -> None:
    """Userinfo gives every claim of the scope address, the ID token none."""
    _check_scope(world, app, "address")


def test_oidcc_scope_phone(world: World, app: Candidate) -> None:
    """Userinfo gives every claim of the scope phone, the ID token none."""
    _check_scope(world, app, "phone")


def test_oidcc_scope_all(world: World, app: Candidate) -> None:
    """All scopes at once give every claim."""
    tokens = sign_in(world, app, scope="openid profile email address phone").tokens
    check_userinfo(app.userinfo(tokens["access_token"]), world.sub, *ALL_SCOPES)


def test_oidcc_codereuse(world: World, app: Candidate) -> None:
    """A code is good once."""
    answer = sign_in(world, app).answer
    check_token_error(app.exchange(answer["code"]), "invalid_grant")


def test_oidcc_codereuse_30seconds(world: World, app: Candidate) -> None:
    """A code that comes back after 30 seconds is refused, and what it had paid for is revoked."""
    signed_in = sign_in(world, app, scope="openid offline_access")
    world.advance(30)
    assert 200 == app.userinfo(signed_in.tokens["access_token"]).status_code
    check_token_error(app.exchange(signed_in.answer["code"]), "invalid_grant")
    assert 401 == app.userinfo(signed_in.tokens["access_token"]).status_code
    check_token_error(app.refresh(signed_in.tokens["refresh_token"]), "invalid_grant")


def test_oidcc_server_client_secret_post(world: World, mode: str | None) -> None:
    """The whole flow with client_secret_post."""
    sign_in(world, candidate(world, mode, token_endpoint_auth_method="client_secret_post"))


def test_oidcc_claims_essential(world: World, app: Candidate) -> None:
    """A claim asked for by name for userinfo comes there, and not into the ID token."""
    claims = json.dumps({"userinfo": {"name": {"essential": True}}})
    signed_in = sign_in(world, app, claims=claims)
    assert "Dana Driver" == app.userinfo(signed_in.tokens["access_token"]).get_json()["name"]
    assert "name" not in signed_in.claims


def test_oidcc_refresh_token(world: World, app: Candidate, mode: str | None) -> None:
    """Refreshing gives new tokens about the same sign-in, to the client that the refresh token belongs to alone."""
    assert "refresh_token" in world.discovery()["grant_types_supported"]
    offline: dict[str, Any] = {"scope": "openid offline_access", "prompt": "consent"}
    first, other = sign_in(world, app, **offline), candidate(world, mode)
    second = sign_in(world, other, **offline)
    world.advance(1)
    response = app.refresh(first.tokens["refresh_token"], scope="openid offline_access")
    tokens, claims = check_tokens(world, app, response, nonce=None)
    assert first.tokens["access_token"] != tokens["access_token"]
    for name in ("iss", "sub", "aud", "auth_time"):
        assert first.claims[name] == claims[name], name
    assert claims["iat"] > first.claims["iat"]
    assert "azp" not in claims
    check_token_error(app.refresh(second.tokens["refresh_token"]), "invalid_grant")
    assert 200 == other.refresh(second.tokens["refresh_token"]).status_code


def _check_scope(world: World, app: Candidate, scope: str) -> None:
    assert scope in world.discovery()["scopes_supported"]
    tokens = sign_in(world, app, scope=f"openid {scope}").tokens
    claims = check_userinfo(app.userinfo(tokens["access_token"]), world.sub, scope)
    for other in set(ALL_SCOPES) - {scope, "profile"}:
        assert other not in claims
