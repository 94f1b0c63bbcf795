"""What was issued to one client, for one address, one verifier and some scopes is worth nothing otherwise (T51–T56)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.app import Service
from tests.support.in_process import CALLBACK, App, Browser, add_person
from tests.support.nodes import events_of, outcome

ELSEWHERE = "https://app.example.com/other"
SCOPES = "openid profile offline_access"


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add a person and an app with two addresses."""
    add_person(service)
    return App.register(service, redirect_uris=[CALLBACK, ELSEWHERE])


@pytest.fixture(scope="module")
def lax(service: Service, app: App) -> App:
    """Add an app of the profile that need not use PKCE."""
    return App.register(service, "lax", profile="oidc-basic")


@pytest.fixture(scope="module")
def rival(service: Service, app: App) -> App:
    """Add an app that is after the other's codes."""
    return App.register(service, "rival")


@pytest.fixture(scope="module")
def public(service: Service, app: App) -> App:
    """Add an app without a secret."""
    return App.register(service, "public", public=True)


@pytest.fixture
def browser(service: Service, app: App) -> Browser:
    """Give a browser with somebody signed in."""
    opened = Browser(service)
    app.code(opened)
    return opened


def code_for(app: App, browser: Browser, **changes: Any) -> str:  # noqa: ANN401 - parameters
    """Have a code issued without a page."""
    return app.answer(app.ask(browser, prompt="none", **changes))["code"]


# PKCE ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": ""},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "S256 "},
        {"code_challenge": "x" * 42},
        {"code_challenge": "x" * 44},
        {"code_challenge": "x" * 42 + "="},
        {"code_challenge": "x" * 42 + "+"},
        {"code_challenge": "x" * 43 + "\n"},
    ],
    ids=str,
)
@pytest.mark.parametrize("which", ["app", "public"])
def test_pkce_is_s256_or_nothing(
    request: pytest.FixtureRequest, browser: Browser, which: str, bad: dict[str, str]
) -> None:
    """No challenge, plain (Authlib's default), no method, a malformed challenge: refused before any code (T51, T52)."""
    app: App = request.getfixturevalue(which)
    assert "invalid_request" == outcome(app.ask(browser, prompt="none", **bad))


def test_who_need_not_use_pkce_uses_all_of_it(lax: App, browser: Browser) -> None:
    """Half of it, or another method, is refused for every profile."""
    for bad in ({"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": None}):
        assert "invalid_request" == outcome(lax.ask(browser, prompt="none", **bad))


def test_a_verifier_without_a_challenge_is_a_downgrade(lax: App, browser: Browser) -> None:
    """RFC 9700 §2.1.1: somebody took the challenge out on the way (T51)."""
    code = code_for(lax, browser, code_challenge=None, code_challenge_method=None)
    assert "invalid_grant" == outcome(lax.exchange(code))
    assert "ok" == outcome(lax.exchange(code, code_verifier=None))


@pytest.mark.parametrize("which", ["app", "public", "lax"])
@pytest.mark.parametrize("verifier", [None, "", "w" * 43, "v" * 44])
def test_a_missing_or_wrong_verifier_gets_nothing(
    request: pytest.FixtureRequest, browser: Browser, which: str, verifier: str | None
) -> None:
    """The code was bound to a verifier (T51); a failed try leaves it usable for who has the right one."""
    app: App = request.getfixturevalue(which)
    code = code_for(app, browser)
    assert "invalid_grant" == outcome(app.exchange(code, code_verifier=verifier))
    assert "ok" == outcome(app.exchange(code))


@pytest.mark.parametrize(
    "verifier", ["v" * 42, "v" * 129, "v" * 42 + " ", "v" * 42 + "+", "v" * 42 + "ä", "v" * 42 + "\n", "v" * 5000]
)
def test_a_malformed_verifier_is_a_malformed_request(app: App, browser: Browser, verifier: str) -> None:
    """43 to 128 unreserved characters (T53)."""
    assert "invalid_request" == outcome(app.exchange(code_for(app, browser), code_verifier=verifier))


def test_the_longest_verifier_works(app: App, browser: Browser) -> None:
    """128 characters, with all that are allowed."""
    long = replace(app, verifier="Aa0-._~" * 18 + "Zz")
    assert "ok" == outcome(long.exchange(code_for(long, browser)))


# Clients and addresses ----------------------------------------------------------------------------------------------


def test_another_clients_code_is_worth_nothing(
    service: Service, app: App, rival: App, public: App, browser: Browser
) -> None:
    """Refused, recorded; and the rival cannot burn it or end its family either (T54)."""
    code = code_for(app, browser, scope=SCOPES)
    for thief in (rival, public):
        refused = thief.exchange(code)
        assert "invalid_grant" == outcome(refused)
        assert "token.refused" in {event.type for event in events_of(service, refused)}
    tokens = app.exchange(code).get_json()
    assert "invalid_grant" == outcome(rival.exchange(code))
    assert "ok" == outcome(app.refresh(tokens["refresh_token"]))


def test_another_clients_refresh_token_is_worth_nothing(app: App, rival: App, public: App, browser: Browser) -> None:
    """Neither used, nor described, nor revoked, nor ended by others (T54)."""
    for owner in (app, public):
        tokens = owner.exchange(code_for(owner, browser, scope=SCOPES)).get_json()
        for thief in (each for each in (app, rival, public) if each is not owner):
            assert "invalid_grant" == outcome(thief.refresh(tokens["refresh_token"]))
            assert not thief.introspect(tokens["refresh_token"]).get("active")
            assert not thief.introspect(tokens["access_token"]).get("active")
            assert "invalid_grant" == outcome(thief.call("/revoke", {"token": tokens["refresh_token"]}))
            assert "invalid_grant" == outcome(thief.call("/revoke", {"token": tokens["access_token"]}))
        assert "ok" == outcome(owner.refresh(tokens["refresh_token"]))
        assert "ok" == outcome(owner.userinfo(tokens["access_token"]))


def test_a_rotated_token_in_a_rivals_hands_ends_nothing(app: App, rival: App, public: App, browser: Browser) -> None:
    """Only its own client's reuse is reuse: a stranger cannot sign people out with what they found."""
    tokens = public.exchange(code_for(public, browser, scope=SCOPES)).get_json()
    successor = public.refresh(tokens["refresh_token"]).get_json()["refresh_token"]
    assert "invalid_grant" == outcome(rival.refresh(tokens["refresh_token"]))
    assert "ok" == outcome(public.refresh(successor))


@pytest.mark.parametrize("address", [ELSEWHERE, CALLBACK + "/", CALLBACK + "?", "https://evil.example/", None, ""])
def test_the_address_must_be_the_one_of_the_request(app: App, browser: Browser, address: str | None) -> None:
    """Another registered address is another one, too (T55); the right one still works afterwards."""
    code = code_for(app, browser)
    assert "invalid_grant" == outcome(app.exchange(code, redirect_uri=address))
    assert "ok" == outcome(app.exchange(code))


def test_credentials_name_one_client(app: App, rival: App, browser: Browser) -> None:
    """client_id beside another's credentials, and two methods at once, are refused."""
    code = code_for(app, browser)
    assert "invalid_client" == outcome(app.exchange(code, client_id="rival"))
    assert "invalid_request" == outcome(app.exchange(code, client_id="app", client_secret=app.secret))
    assert "invalid_request" == outcome(app.exchange(code, client_assertion="x", client_assertion_type="y"))


def test_parameters_in_the_address_do_not_count(service: Service, app: App, browser: Browser) -> None:
    """Credentials and codes belong into the body (RFC 6749 §3.2, §2.3.1)."""
    code = code_for(app, browser)
    query = {"client_id": "app", "client_secret": app.secret, "grant_type": "authorization_code", "code": code}
    bare: TestResponse = Browser(service).post("/token", {"redirect_uri": CALLBACK}, query_string=query)
    assert outcome(bare) in {"invalid_request", "invalid_client"}
    assert "ok" == outcome(app.exchange(code))


# Scopes -------------------------------------------------------------------------------------------------------------


def test_refreshing_never_widens(app: App, browser: Browser) -> None:
    """Registered but not granted, unknown, or nothing at all: refused (T56); less is given, and does not stick."""
    tokens = app.exchange(code_for(app, browser, scope=SCOPES)).get_json()
    for scope in ("openid email", "openid api", "openid nothing", " ", "OPENID"):
        assert "invalid_scope" == outcome(app.refresh(tokens["refresh_token"], scope=scope))
    less = app.refresh(tokens["refresh_token"], scope="openid").get_json()
    assert "openid" == less["scope"]
    assert "invalid_grant" == outcome(app.refresh(less["access_token"]))
    assert set(SCOPES.split()) == set(app.refresh(tokens["refresh_token"]).get_json()["scope"].split())


def test_a_code_gives_what_was_asked_for_whatever_the_exchange_says(app: App, browser: Browser) -> None:
    """`scope`, `sub`, `aud` and other words in the token request change nothing (T56)."""
    code = code_for(app, browser)
    extra = {"scope": "openid email api", "sub": "mallory", "aud": "rival", "acr": "9", "claims": "{}", "sid": "x"}
    body = app.exchange(code, **extra).get_json()
    assert "openid" == body["scope"]
    assert "app" == app.introspect(body["access_token"])["client_id"]


@pytest.mark.parametrize("scope", ["openid", "profile", "offline_access", "api openid", "api unknown", "unknown", " "])
def test_a_clients_own_token_is_about_nobody(app: App, scope: str) -> None:
    """Scopes about a person, or of others, are not for client_credentials (T56)."""
    assert "invalid_scope" == outcome(app.call("/token", {"grant_type": "client_credentials", "scope": scope}))


def test_a_clients_own_token_opens_nobodys_data(app: App) -> None:
    """Userinfo wants a person's token; and no refresh token comes with a client's own."""
    body = app.call("/token", {"grant_type": "client_credentials"}).get_json()
    assert {"access_token", "token_type", "expires_in", "scope"} == body.keys()
    assert "insufficient_scope" == outcome(app.userinfo(body["access_token"]))
