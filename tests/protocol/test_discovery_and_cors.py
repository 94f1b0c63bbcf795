"""Discovery says what is really served, no more and no less; and which of it scripts of other origins may read."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.protocol.assertions import prover
from tests.protocol.candidate import Candidate
from tests.protocol.world import World, claims_of
from tests.support.contracts import contract, feed
from tests.support.in_process import ADDRESS

ORIGIN = "https://spa.example.com"
DOCUMENTS = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks")
FOR_TOKENS = ("/token", "/userinfo", "/revoke")
NOT_FOR_SCRIPTS = ("/authorize", "/end-session", "/introspect", "/sign-in", "/consent", "/account", "/signed-out")
NOT_SERVED = (
    "/par", "/device", "/device-authorization", "/backchannel-authentication", "/register", "/check-session", "/reg",
    "/connect/register", "/request", "/userinfo/", "/token/", "/jwks/", "/JWKS", "/.well-known/webfinger",
)  # fmt: skip


def test_every_listed_address_answers(world: World) -> None:
    """With something else than "not found", by the method that its specification names."""
    document = world.discovery()
    get = ("authorization_endpoint", "end_session_endpoint", "jwks_uri", "userinfo_endpoint")
    post = (
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "authorization_endpoint",
        "userinfo_endpoint",
    )
    for method, names in (("GET", get), ("POST", post)):
        for name in names:
            response = world.send(method, urlsplit(document[name]).path, data={"a": "b"} if method == "POST" else None)
            assert response.status_code not in {404, 405, 500}, name
    listed = {name for name in document if name.endswith("_endpoint") or name == "jwks_uri"}
    assert {*get, *post} == listed


@pytest.mark.parametrize("path", NOT_SERVED)
def test_what_is_not_listed_is_not_there(world: World, path: str) -> None:
    """404, for GET and POST."""
    assert not [value for value in world.discovery().values() if value == ADDRESS + path]
    for method in ("GET", "POST"):
        response = world.send(method, path, data={"a": "b"} if method == "POST" else None)
        assert 404 == response.status_code


def test_every_listed_algorithm_has_a_key(world: World) -> None:
    """And every published key's algorithm is listed."""
    document, keys = world.discovery(), world.get("/jwks").get_json()["keys"]
    for name in ("id_token_signing_alg_values_supported", "userinfo_signing_alg_values_supported"):
        assert {key["alg"] for key in keys} == set(document[name])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"])
def test_every_listed_client_authentication_works(world: World, method: str) -> None:
    """And there is no other."""
    document = world.discovery()
    assert method in document["token_endpoint_auth_methods_supported"]
    assert 4 == len(document["token_endpoint_auth_methods_supported"])
    if method == "private_key_jwt":
        client = prover(world)
        assert 200 == client.ask(client.assertion()).status_code
    elif method == "none":
        app = world.app(public=True)
        assert 200 == app.exchange(app.code(world.browser())).status_code
    else:
        app = world.app(token_endpoint_auth_method=method)
        assert 200 == app.call("/token", {"grant_type": "client_credentials"}).status_code


def test_every_listed_scope_mode_and_prompt_works(world: World) -> None:
    """Scopes are granted, response modes answered, prompts understood; others are refused or left out."""
    document = world.discovery()
    everything = " ".join(document["scopes_supported"])
    app = world.app(scope=everything)
    tokens = app.tokens(world.browser(), scope=everything)
    assert set(document["scopes_supported"]) == set(tokens["scope"].split())
    for mode in document["response_modes_supported"]:
        browser = world.browser()
        page = app.finish(browser, app.ask(browser, response_mode=mode))
        assert {"query": 303, "form_post": 200}[mode] == page.status_code
    for prompt in document["prompt_values_supported"]:
        answer = app.ask(world.browser(), prompt=prompt)
        assert 303 == answer.status_code
        assert "invalid_request" not in answer.headers["Location"]
    assert "invalid_request" == app.answer(app.ask(world.browser(), prompt="create"))["error"]
    for mode in ("fragment", "jwt", "query.jwt", "web_message"):
        assert "invalid_request" == app.answer(app.ask(world.browser(), response_mode=mode))["error"]


def test_every_listed_claim_can_be_had(world: World) -> None:
    """From userinfo or in a token."""
    everything = "openid profile email address phone account contracts vehicles"
    app = Candidate.register(world.service, world.name("suite"), **Candidate.profile | {"scope": everything})
    feed(world.service, contract("CF-1001", ("P-1", "holder", "dana")))
    world.advance(1.0)
    tokens = app.tokens(world.browser(), scope=everything)
    had = claims_of(tokens["id_token"]).keys() | app.userinfo(tokens["access_token"]).get_json().keys()
    assert set(world.discovery()["claims_supported"]) <= had


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_cached_and_revalidated(world: World, path: str) -> None:
    """Ten minutes; afterwards 304 by entity tag, without a body."""
    response = world.get(path)
    assert "public, max-age=600, must-revalidate" == response.headers["Cache-Control"]
    etag = response.headers["ETag"]
    again = world.get(path, headers={"If-None-Match": etag})
    assert (304, b"", etag) == (again.status_code, again.data, again.headers["ETag"])
    assert 200 == world.get(path, headers={"If-None-Match": '"other"'}).status_code
    assert (200, b"") == ((head := world.send("HEAD", path)).status_code, head.data)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_open_to_scripts(world: World, path: str) -> None:
    """Anybody may read public documents."""
    response = world.get(path, headers={"Origin": ORIGIN})
    assert "*" == response.headers["Access-Control-Allow-Origin"]


@pytest.mark.parametrize("path", FOR_TOKENS)
def test_token_endpoints_are_open_to_scripts(world: World, path: str) -> None:
    """A browser app asks first, and may then send what it must; never with cookies."""
    wishes = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = world.send("OPTIONS", path, headers={"Origin": ORIGIN, **wishes})
    assert preflight.status_code in {200, 204}
    assert "*" == preflight.headers["Access-Control-Allow-Origin"]
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed
    for response in (preflight, world.send("POST", path, data={"a": "b"}, headers={"Origin": ORIGIN})):
        assert "*" == response.headers["Access-Control-Allow-Origin"]
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Set-Cookie" not in response.headers


def test_scripts_can_read_why_they_were_refused(world: World) -> None:
    """The challenge is exposed."""
    response = world.get("/userinfo", headers={"Origin": ORIGIN})
    assert 401 == response.status_code
    assert "WWW-Authenticate" in response.headers["Access-Control-Expose-Headers"]
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", NOT_FOR_SCRIPTS)
def test_pages_are_closed_to_scripts(world: World, path: str) -> None:
    """RFC 9700 §2.6: never at /authorize, nor wherever a person or a server is meant."""
    for method in ("GET", "POST", "OPTIONS"):
        data = {"a": "b"} if method == "POST" else None
        response = world.send(method, path, data=data, headers={"Origin": ORIGIN})
        assert not [name for name, _ in response.headers if name.lower().startswith("access-control-")]


def test_a_browser_app_needs_nothing_else(world: World) -> None:
    """A public client's whole way, every step after the sign-in with an Origin of its own."""
    app = world.app("spa", public=True, redirect_uris=["https://spa.example.com/callback"])
    code = app.code(world.browser(), scope="openid email offline_access")
    headers = {"Origin": ORIGIN}
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app.redirect_uri,
        "code_verifier": app.verifier,
    }
    tokens = app.call("/token", form, headers=headers).get_json()
    refreshed = app.call(
        "/token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, headers=headers
    ).get_json()
    bearer = {"Authorization": f"Bearer {refreshed['access_token']}", **headers}
    userinfo = world.get("/userinfo", headers=bearer)
    assert ("dana@example.com", "*") == (
        userinfo.get_json()["email"],
        userinfo.headers["Access-Control-Allow-Origin"],
    )
    assert 200 == app.call("/revoke", {"token": refreshed["refresh_token"]}, headers=headers).status_code
