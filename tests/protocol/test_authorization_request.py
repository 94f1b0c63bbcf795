"""What /authorize makes of parameters that no certification module looks at (OpenID Connect Core §3.1.2, RFC 8252)."""

from __future__ import annotations

import pytest

from tests.protocol.candidate import check_error_page, shows_sign_in
from tests.protocol.world import World, claims_of
from tests.support.in_process import App, Browser, add_person

CONSENT = 'name="action" value="allow"'


@pytest.fixture
def browser(world: World) -> Browser:
    """Give a browser that is signed in."""
    browser = world.browser()
    world.app("first").tokens(browser)
    world.advance(2)
    return browser


@pytest.fixture
def app(world: World) -> App:
    """Give a first-party client."""
    return world.app()


def test_max_age_0_always_asks(app: App, browser: Browser) -> None:
    """Core §3.1.2.1: as prompt=login."""
    assert shows_sign_in(browser.follow(app.ask(browser, max_age=0)))


def test_the_registered_max_age_counts(world: World, browser: Browser) -> None:
    """default_max_age (Registration 1.0 §2), unless the request says otherwise."""
    app = world.app(default_max_age=1)
    assert shows_sign_in(browser.follow(app.ask(browser)))
    assert "login_required" == app.answer(app.ask(browser, prompt="none"))["error"]
    assert "code" in app.answer(app.ask(browser, max_age=1000))


def test_prompt_consent_asks_even_for_our_own(app: App, browser: Browser) -> None:
    """And again the next time, though it was allowed."""
    for _ in range(2):
        page = browser.follow(app.ask(browser, prompt="consent"))
        assert CONSENT in page.text
        assert "code" in app.answer(browser.submit(page, {"action": "allow"}))


def test_prompts_add_up(app: App, browser: Browser) -> None:
    """With login and consent: first the one, then the other."""
    page = browser.follow(app.ask(browser, prompt="consent login"))
    assert shows_sign_in(page)
    page = browser.follow(browser.sign_in(page))
    assert CONSENT in page.text


def test_prompt_select_account_asks_who_it_is(app: App, browser: Browser) -> None:
    """With one account per sign-in, the sign-in page is where one chooses."""
    assert shows_sign_in(browser.follow(app.ask(browser, prompt="select_account")))
    answer = app.answer(app.ask(browser, prompt="select_account none"))
    assert "invalid_request" == answer["error"]


def test_consent_cannot_be_silent(world: World, browser: Browser) -> None:
    """An app that was never allowed anything is told so; what is allowed once covers no more than that."""
    app = world.app(first_party=False)
    assert "consent_required" == app.answer(app.ask(browser, prompt="none"))["error"]
    app.finish(browser, app.ask(browser, scope="openid email"))
    assert "code" in app.answer(app.ask(browser, prompt="none", scope="openid"))
    assert "consent_required" == app.answer(app.ask(browser, prompt="none", scope="openid email phone"))["error"]


def test_a_refused_consent_is_access_denied(world: World, browser: Browser) -> None:
    """And nothing is remembered."""
    app = world.app(first_party=False)
    page = browser.follow(app.ask(browser))
    assert "access_denied" == app.answer(browser.submit(page, {"action": "cancel"}))["error"]
    assert "consent_required" == app.answer(app.ask(browser, prompt="none"))["error"]


def test_offline_access_needs_the_grant_type(world: World, browser: Browser) -> None:
    """A client that may not refresh is not given what it could not use (Core §11)."""
    app = world.app(grant_types=["authorization_code"])
    tokens = app.tokens(browser, scope="openid offline_access")
    assert "openid" == tokens["scope"]
    assert "refresh_token" not in tokens


def test_without_offline_access_there_is_no_refresh_token(app: App, browser: Browser) -> None:
    """Core §11."""
    assert "refresh_token" not in app.tokens(browser, scope="openid profile")


def test_a_native_app_listens_where_it_can(world: World, browser: Browser) -> None:
    """RFC 8252 §7.3: any port of the loopback address, for public clients alone; the code is bound to the very one."""
    native = world.app("native", public=True, redirect_uris=["http://127.0.0.1/callback"])
    native.redirect_uri = "http://127.0.0.1:54321/callback"
    assert 200 == native.exchange(native.code(browser)).status_code
    code = native.code(browser)
    assert "invalid_grant" == native.exchange(code, redirect_uri="http://127.0.0.1:1/callback").get_json()["error"]
    server = world.app("server", redirect_uris=["http://127.0.0.1/callback"])
    for wrong in ("http://127.0.0.1:54321/callback", "http://localhost/callback"):
        check_error_page(server.ask(browser, redirect_uri=wrong), wrong)


def test_a_private_use_scheme(world: World, browser: Browser) -> None:
    """RFC 8252 §7.1: redirected to as it is registered."""
    app = world.app("mobile", public=True, redirect_uris=["com.example.app:/callback"])
    location = app.ask(browser).headers["Location"]
    assert location.startswith("com.example.app:/callback?code=")


def test_the_registered_query_is_kept(world: World, browser: Browser) -> None:
    """RFC 6749 §3.1.2: parameters are added to it."""
    app = world.app(redirect_uris=["https://app.example.com/callback?tenant=a%20b"])
    location = app.ask(browser).headers["Location"]
    assert location.startswith("https://app.example.com/callback?tenant=a%20b&code=")


def test_plain_oauth_may_leave_the_address_out(world: World, browser: Browser) -> None:
    """RFC 6749 §3.1.2.3: with one registered; OpenID requests must name it, and with two everybody must."""
    app = world.app()
    response = app.ask(browser, scope="api", redirect_uri=None)
    code = app.answer(response)["code"]
    assert 200 == app.exchange(code, redirect_uri=None).status_code
    check_error_page(app.ask(browser, scope="openid", redirect_uri=None), app.redirect_uri)
    two = world.app(redirect_uris=["https://app.example.com/a", "https://app.example.com/b"])
    check_error_page(two.ask(browser, scope="api", redirect_uri=None), two.redirect_uri)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("{}", "application/json"),
        ("client_id=%zz", "application/x-www-form-urlencoded"),
        (b"client_id=\xff", "application/x-www-form-urlencoded"),
        ("client_id=%00", "application/x-www-form-urlencoded"),
        ("a=b&" * 200, "application/x-www-form-urlencoded"),
    ],
)
def test_a_posted_request_that_is_no_form(world: World, body: str | bytes, content_type: str) -> None:
    """A page of ours with 400."""
    response = world.send("POST", "/authorize", data=body, content_type=content_type)
    assert 400 == response.status_code
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_posted_request_that_was_never_held(world: World) -> None:
    """An invented handle, or one that is too old."""
    for handle in ("x", "A" * 43, "A" * 5000):
        assert 400 == world.get("/authorize", query_string={"posted": handle}).status_code


def test_another_persons_hint_asks_for_that_person(world: World, app: App) -> None:
    """Core §3.1.2.1: whoever else is signed in is not answered for, and signing in as somebody else is an error."""
    hint = app.tokens(world.browser())["id_token"]
    other = world.name("tom")
    add_person(world.service, other)
    browser = world.browser()
    app.tokens(browser, user_id=other)
    assert "login_required" == app.answer(app.ask(browser, prompt="none", id_token_hint=hint))["error"]
    page = browser.follow(app.ask(browser, id_token_hint=hint))
    assert shows_sign_in(page)
    assert "login_required" == app.answer(browser.sign_in(page, other))["error"]
    page = browser.follow(app.ask(browser, id_token_hint=hint))
    tokens = app.exchange(app.answer(browser.sign_in(page, "dana"))["code"]).get_json()
    assert world.sub == claims_of(tokens["id_token"])["sub"]


def test_a_hint_of_another_client_is_refused(world: World, app: App, browser: Browser) -> None:
    """An ID token is for one client."""
    other = world.app("other").tokens(world.browser())["id_token"]
    assert "invalid_request" == app.answer(app.ask(browser, id_token_hint=other))["error"]
