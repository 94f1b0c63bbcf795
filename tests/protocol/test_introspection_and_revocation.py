"""Introspection by RFC 7662 and revocation by RFC 7009, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.protocol.candidate import check_token_error
from tests.protocol.world import World, claims_of
from tests.support.in_process import ADDRESS, App

INACTIVE = {"active": False}


@pytest.fixture
def app(world: World) -> App:
    """Give a confidential client."""
    return world.app()


@pytest.fixture
def tokens(world: World, app: App) -> dict[str, Any]:
    """Give the tokens of a sign-in."""
    return app.tokens(world.browser(), scope="openid profile offline_access")


def assert_family_is_over(app: App, tokens: dict[str, Any]) -> None:
    """Access token and refresh token are dead, wherever they are shown."""
    for name in ("access_token", "refresh_token"):
        assert INACTIVE == app.introspect(tokens[name])
    assert 401 == app.userinfo(tokens["access_token"]).status_code
    check_token_error(app.refresh(tokens["refresh_token"]), "invalid_grant")


def assert_revoked(response: TestResponse) -> None:
    """RFC 7009 §2.2: 200, and the body does not matter."""
    assert 200 == response.status_code
    assert "no-store" == response.headers["Cache-Control"]


# Introspection.


def test_an_access_token_is_described(world: World, app: App, tokens: dict[str, Any]) -> None:
    """With the members of RFC 7662 §2.2, and no more than the token says."""
    claims = claims_of(tokens["access_token"])
    described = app.introspect(tokens["access_token"])
    assert (True, "Bearer") == (described.pop("active"), described.pop("token_type"))
    assert described == {name: claims[name] for name in described}
    assert {"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope", "sid"} <= described.keys()
    assert "grant_id" not in described


def test_a_refresh_token_is_described(world: World, app: App, tokens: dict[str, Any]) -> None:
    """Until when it would work, and for whom."""
    described = app.introspect(tokens["refresh_token"])
    assert described["active"] is True
    assert (app.client_id, world.sub, ADDRESS) == (described["client_id"], described["sub"], described["iss"])
    assert "openid profile offline_access" == described["scope"]
    assert int(world.clock()) + 30 * 86_400 == described["exp"]
    assert "token_type" not in described


def test_a_clients_own_token_is_described(app: App) -> None:
    """There is no person in it."""
    token = app.call("/token", {"grant_type": "client_credentials"}).get_json()["access_token"]
    described = app.introspect(token)
    assert (True, app.client_id) == (described["active"], described["sub"])
    assert "sid" not in described


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "nonsense", 'quote"'])
def test_a_hint_does_not_matter(app: App, tokens: dict[str, Any], hint: str) -> None:
    """RFC 7662 §2.1: an optimisation, which may be wrong."""
    for name in ("access_token", "refresh_token"):
        response = app.call("/introspect", {"token": tokens[name], "token_type_hint": hint})
        assert response.get_json()["active"] is True


def test_another_clients_token_is_nobodys_business(world: World, tokens: dict[str, Any]) -> None:
    """Inactive, as if it did not exist (RFC 7662 §2.2)."""
    stranger = world.app()
    for name in ("access_token", "refresh_token"):
        assert INACTIVE == stranger.introspect(tokens[name])


def test_an_audience_may_ask(world: World) -> None:
    """A resource server that is a client, and that the token is for."""
    api = world.app("api")
    app = world.app(audiences=[api.client_id, "https://other.example.com"])
    tokens = app.tokens(world.browser(), scope="openid offline_access")
    assert api.introspect(tokens["access_token"])["active"] is True
    assert INACTIVE == api.introspect(tokens["refresh_token"])


def test_the_end_of_a_token(world: World, app: App, tokens: dict[str, Any]) -> None:
    """Active in its last second, inactive after it."""
    world.advance(299)
    assert app.introspect(tokens["access_token"])["active"] is True
    world.advance(1)
    assert INACTIVE == app.introspect(tokens["access_token"])
    assert 401 == app.userinfo(tokens["access_token"]).status_code
    assert app.introspect(tokens["refresh_token"])["active"] is True


def test_a_rotated_refresh_token_is_inactive(world: World) -> None:
    """Its successor is the active one."""
    app = world.app(rotate_refresh=True)
    tokens = app.tokens(world.browser(), scope="openid offline_access")
    successor = app.refresh(tokens["refresh_token"]).get_json()["refresh_token"]
    assert INACTIVE == app.introspect(tokens["refresh_token"])
    assert app.introspect(successor)["active"] is True


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_the_token_must_be_there(app: App, path: str) -> None:
    """invalid_request without it, by POST alone, in the form alone."""
    check_token_error(app.call(path, {"other": "x"}), "invalid_request")
    check_token_error(app.call(path, {"token": ""}), "invalid_request")
    check_token_error(app.call(path + "?token=x", {"other": "x"}), "invalid_request")
    assert 200 == app.call(path, {"token": "x"}).status_code


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_only_post_is_served(world: World, path: str) -> None:
    """Tokens in addresses end up in logs."""
    response = world.get(path, query_string={"token": "x"})
    assert 405 == response.status_code
    assert "POST" in response.headers["Allow"]


def test_a_public_client_may_not_introspect(world: World) -> None:
    """RFC 7662 §2.1: the endpoint must require some form of authorization, and a client_id is none."""
    app = world.app(public=True)
    tokens = app.tokens(world.browser())
    check_token_error(app.call("/introspect", {"token": tokens["access_token"]}), "invalid_client", 401)
    assert "none" not in world.discovery()["introspection_endpoint_auth_methods_supported"]


# Revocation.


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
def test_either_token_ends_the_family(app: App, tokens: dict[str, Any], name: str, hint: str | None) -> None:
    """RFC 7009 §2.1: the grant, and everything that descends from it; whatever the hint says."""
    form = {"token": tokens[name]} | ({"token_type_hint": hint} if hint else {})
    assert_revoked(app.call("/revoke", form))
    assert_family_is_over(app, tokens)
    assert_revoked(app.call("/revoke", form))


def test_other_families_live_on(world: World, app: App, tokens: dict[str, Any]) -> None:
    """The same person's second authorization, in the same session, is another grant."""
    browser = world.browser()
    first = app.tokens(browser, scope="openid offline_access")
    world.advance(1)
    second = app.exchange(app.answer(app.ask(browser, scope="openid offline_access"))["code"]).get_json()
    assert_revoked(app.call("/revoke", {"token": first["refresh_token"]}))
    assert_family_is_over(app, first)
    for living in (second, tokens):
        assert 200 == app.userinfo(living["access_token"]).status_code
        assert 200 == app.refresh(living["refresh_token"]).status_code


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "x" * 43, "é", "\u2028"])
def test_an_unknown_token_is_as_good_as_revoked(app: App, token: str) -> None:
    """RFC 7009 §2.2: 200, since the client's purpose is achieved."""
    assert_revoked(app.call("/revoke", {"token": token}))


def test_another_clients_token_is_refused(world: World, app: App, tokens: dict[str, Any]) -> None:
    """RFC 7009 §2.1; and the token lives on."""
    stranger = world.app()
    for name in ("access_token", "refresh_token"):
        check_token_error(stranger.call("/revoke", {"token": tokens[name]}), "invalid_grant")
    assert 200 == app.userinfo(tokens["access_token"]).status_code


def test_a_clients_own_token_can_be_revoked(app: App) -> None:
    """It is a family of one."""
    first, second = (
        app.call("/token", {"grant_type": "client_credentials"}).get_json()["access_token"] for _ in range(2)
    )
    assert_revoked(app.call("/revoke", {"token": first}))
    assert INACTIVE == app.introspect(first)
    assert app.introspect(second)["active"] is True


def test_a_public_client_revokes_its_own(world: World) -> None:
    """RFC 7009 §2.1: it says its client_id; a rotated token ends the family just as well."""
    app = world.app(public=True)
    tokens = app.tokens(world.browser(), scope="openid offline_access")
    successor = app.refresh(tokens["refresh_token"]).get_json()
    assert_revoked(app.call("/revoke", {"token": tokens["refresh_token"]}))
    check_token_error(app.refresh(successor["refresh_token"]), "invalid_grant")
    assert 401 == app.userinfo(successor["access_token"]).status_code


def test_an_unauthenticated_client_revokes_nothing(world: World, app: App, tokens: dict[str, Any]) -> None:
    """Nobody's word ends a session."""
    response = world.send("POST", "/revoke", data={"token": tokens["access_token"], "client_id": app.client_id})
    check_token_error(response, "invalid_client", 401)
    assert 200 == app.userinfo(tokens["access_token"]).status_code


def test_signing_out_ends_the_tokens(world: World, app: App) -> None:
    """The session's mark reaches userinfo, introspection and refresh at once."""
    browser = world.browser()
    tokens = app.tokens(browser, scope="openid offline_access")
    browser.get("/end-session", query_string={"id_token_hint": tokens["id_token"]})
    assert_family_is_over(app, tokens)
