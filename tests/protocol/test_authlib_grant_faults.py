"""Authlib's known faults in its grants and hooks: a canary for each, and proof that ours does right.

See test_authlib_faults.py for the table of what has no test.
"""

# ruff: noqa: ANN401, SLF001 - canaries look into objects of Authlib's that have no types of their own
from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import AuthorizationServer
from authlib.oauth2.rfc6749.hooks import Hookable

from tests.protocol.candidate import check_token_error
from tests.protocol.stock import StockRefreshGrant, StockRequest, StockServer, still_faulty
from tests.protocol.world import World
from tests.support.in_process import App


@pytest.fixture(scope="module")
def app(world: World) -> App:
    """Give a client of the profile `default`."""
    return world.app()


# grants/authorization_code.py, refresh_token.py: tokens are saved before what pays for them is spent.


def _exchanged(server: StockServer, parameters: dict[str, str]) -> Any:
    return server.create_token_response(StockRequest(parameters, basic="app:the secret"))


def test_canary_tokens_are_saved_before_the_code_is_spent() -> None:
    """Two parallel requests would both be served, by code and by refresh token."""
    server = StockServer()
    server.register_grant(StockRefreshGrant)
    assert 200 == _exchanged(server, {"grant_type": "authorization_code", "code": "the code"}).status
    still_faulty(["token saved", "code deleted"] == server.happened, "the fixed phases of idp/oidc/grants")
    server.happened.clear()
    assert 200 == _exchanged(server, {"grant_type": "refresh_token", "refresh_token": "x"}).status
    still_faulty(["token saved", "old token revoked"] == server.happened, "the fixed phases of idp/oidc/grants")


@pytest.mark.parametrize("database", ["world", "postgresql_world"])
def test_a_code_is_spent_once_by_eight_at_once(request: pytest.FixtureRequest, database: str) -> None:
    """One exchange wins, seven are refused; and the family has ended, since a code came back."""
    world: World = request.getfixturevalue(database)
    app = world.app()
    code = app.code(world.browser(), scope="openid offline_access")
    responses = _at_once(8, lambda: app.exchange(code))
    won = [response for response in responses if response.status_code == 200]
    assert 1 == len(won)
    assert 401 == app.userinfo(won[0].get_json()["access_token"]).status_code
    check_token_error(app.refresh(won[0].get_json()["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("database", ["world", "postgresql_world"])
def test_a_refresh_token_is_rotated_once_by_eight_at_once(request: pytest.FixtureRequest, database: str) -> None:
    """All get the same successor while the grace lasts; afterwards reuse ends the family."""
    world: World = request.getfixturevalue(database)
    app = world.app(public=True)
    old = app.tokens(world.browser(), scope="openid offline_access")["refresh_token"]
    responses = _at_once(8, lambda: app.refresh(old))
    assert {200} == {response.status_code for response in responses}
    (successor,) = {response.get_json()["refresh_token"] for response in responses}
    assert old != successor
    world.advance(11)
    check_token_error(app.refresh(old), "invalid_grant")
    check_token_error(app.refresh(successor), "invalid_grant")


def _at_once(number: int, call: Any) -> list[Any]:
    with ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(call) for _ in range(number)]]


# grants/base.py, consts.py, hooks.py: what a grant cannot say, and what leaks between requests.


def test_canary_generators_do_not_see_the_request() -> None:
    """A token generator cannot know the session or the sign-in that it issues for."""
    parameters = inspect.signature(AuthorizationServer.generate_token).parameters
    still_faulty("request" not in parameters, "mint_for_person in idp/oidc/minting.py")


def test_canary_response_headers_are_one_global_list() -> None:
    """Whoever appends a header to an answer appends it to all."""
    server = StockServer()
    response = _exchanged(server, {"grant_type": "authorization_code", "code": "the code"})
    still_faulty(response.headers is default_json_headers, "IssuerServer.handle_response")


def test_headers_do_not_add_up(app: App) -> None:
    """The second answer has exactly the headers of the first."""
    names = [[name for name, _ in app.call("/token", {"grant_type": "client_credentials"}).headers] for _ in range(2)]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0])


def test_canary_hooks_have_no_order() -> None:
    """Hooks are a set; the order of extensions differs from process to process."""
    still_faulty(isinstance(cast("Any", Hookable())._hooks["any"], set), "the fixed phases of idp/oidc/grants")


def test_canary_refresh_requests_fire_no_hook() -> None:
    """after_validate_token_request never fires for a refresh token."""
    fired: list[object] = []
    server = StockServer()
    server.register_grant(
        StockRefreshGrant,
        [lambda grant: grant.register_hook("after_validate_token_request", lambda *_: fired.append(1))],
    )
    assert 200 == _exchanged(server, {"grant_type": "refresh_token", "refresh_token": "x"}).status
    still_faulty(not fired, "the fixed phases of idp/oidc/grants")


@pytest.mark.parametrize("grant_type", ["urn:ietf:params:oauth:grant-type:device_code", "password", "implicit"])
def test_other_grants_are_not_offered(app: App, grant_type: str) -> None:
    """What is not registered with the server is unsupported."""
    check_token_error(app.call("/token", {"grant_type": grant_type}), "unsupported_grant_type")
