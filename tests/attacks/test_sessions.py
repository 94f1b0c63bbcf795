"""Sessions, cookies and pages: fixation, logout by others, tossed cookies, frames, caches (T63, T66, T68, T69, T89)."""

from __future__ import annotations

import pytest
from werkzeug.test import Client, TestResponse

from idp.app import Service
from tests.support.in_process import ADDRESS, AFTER_LOGOUT, PASSWORD, App, Browser, add_person
from tests.support.nodes import HOST, outcome, twin_of

SESSION = "__Host-idp_session"


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add a person and an app."""
    add_person(service)
    return App.register(service)


@pytest.fixture(scope="module")
def stranger(service: Service, app: App) -> App:
    """Add an app that must ask for consent."""
    return App.register(service, "stranger", first_party=False)


@pytest.fixture
def browser(service: Service, app: App) -> Browser:
    """Give a browser with somebody signed in."""
    opened = Browser(service)
    app.code(opened)
    return opened


# Fixation -----------------------------------------------------------------------------------------------------------


def test_a_session_that_was_there_before_is_not_taken_over(service: Service, app: App, browser: Browser) -> None:
    """Whatever handle the thief plants, a sign-in gives a new one, and the planted one opens nothing (T63)."""
    planted = {"made up": "A" * 43, "the thief's own": browser.cookies()[SESSION]}
    for handle in planted.values():
        victim, thief = Browser(service), Browser(service)
        for each in (victim, thief):
            each.client.set_cookie(SESSION, handle, domain=HOST, secure=True)
        app.finish(victim, app.ask(victim, prompt="login"))
        assert handle != victim.cookies()[SESSION]
        assert "login_required" == outcome(app.ask(thief, prompt="none"))


def test_each_sign_in_gives_a_new_handle_and_ends_the_old(service: Service, app: App, browser: Browser) -> None:
    """At every new authentication (ASVS 7.2.4); the session itself, and what rests on it, goes on."""
    tokens = app.tokens(browser, scope="openid offline_access")
    old = twin_of(browser, service)
    app.finish(browser, app.ask(browser, prompt="login"))
    assert old.cookies()[SESSION] != browser.cookies()[SESSION]
    assert "login_required" == outcome(app.ask(old, prompt="none"))
    assert "code" == outcome(app.ask(browser, prompt="none"))
    assert "ok" == outcome(app.refresh(tokens["refresh_token"]))


def test_a_thief_who_holds_the_victims_journey_cookie_gets_no_session(service: Service, app: App) -> None:
    """The cookie of a journey, copied before the sign-in, is worth nothing after it (T63)."""
    victim = Browser(service)
    page = victim.follow(app.ask(victim))
    thief = twin_of(victim, service)
    assert "code" == outcome(victim.submit(page, {"user_id": "dana", "password": PASSWORD}))
    assert "shown:400" == outcome(thief.submit(page, {"user_id": "dana", "password": PASSWORD}))
    assert "login_required" == outcome(app.ask(thief, prompt="none"))


# Leaving ------------------------------------------------------------------------------------------------------------


def test_leaving_ends_everything_at_once(service: Service, app: App, browser: Browser) -> None:
    """Cookie, refresh token, access token, and a code from a moment ago (ASVS 7.4.1)."""
    tokens = app.tokens(browser, scope="openid offline_access")
    code = app.answer(app.ask(browser, prompt="none", scope="openid offline_access"))["code"]
    kept = twin_of(browser, service)
    browser.get("/end-session", query_string={"id_token_hint": tokens["id_token"]})
    assert "login_required" == outcome(app.ask(kept, prompt="none"))
    assert "invalid_grant" == outcome(app.refresh(tokens["refresh_token"]))
    assert "invalid_grant" == outcome(app.exchange(code))
    assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
    assert SESSION not in browser.cookies()


def test_nobody_is_signed_out_by_a_link(service: Service, app: App, browser: Browser) -> None:
    """No hint, a forged one, one of another session or person: a question, and nothing has happened (T66)."""
    elsewhere = app.tokens(Browser(service))
    add_person(service, "other")
    others = app.tokens(Browser(service), user_id="other")
    hints = [
        None,
        "x.y.z",
        elsewhere["id_token"],
        others["id_token"],
        elsewhere["access_token"],
        elsewhere["id_token"] + "A",
    ]
    for hint in hints:
        query = {"post_logout_redirect_uri": AFTER_LOGOUT} | ({"id_token_hint": hint} if hint else {})
        for response in (browser.get("/end-session", query_string=query), browser.post("/end-session", query)):
            assert "page:/end-session" == outcome(response)
            assert "sign out" in response.text.lower()
        assert "code" == outcome(app.ask(browser, prompt="none"))


def test_an_answer_to_the_question_comes_from_our_page(service: Service, app: App, browser: Browser) -> None:
    """A forged answer, one of another browser, one from elsewhere: nobody is signed out (T66)."""
    question = browser.get("/end-session")
    foreign = Browser(service).get("/end-session")
    token = question.text.partition('name="form_token" value="')[2].partition('"')[0]
    others = foreign.text.partition('name="form_token" value="')[2].partition('"')[0]
    for sent, headers in (
        ("", {}),
        ("1.x", {}),
        (others, {}),
        (token, {"Origin": "https://evil.example"}),
        (token, {"Sec-Fetch-Site": "cross-site"}),
    ):
        form = {"form_token": sent or "0", "action": "sign-out"}
        assert browser.post("/end-session", form, headers=headers).status_code in {400, 403}
    assert "code" == outcome(app.ask(browser, prompt="none"))


def test_an_expired_hint_of_this_very_session_signs_out(service: Service, app: App, browser: Browser) -> None:
    """RP-Initiated Logout §2: how long ago it was issued does not matter; whose it is does."""
    hint = app.tokens(browser)["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT}
    assert AFTER_LOGOUT == browser.get("/end-session", query_string=query).headers["Location"]


def test_a_signed_userinfo_answer_is_no_hint(service: Service, app: App) -> None:
    """It has the same issuer, audience and `typ` as an ID token (T76)."""
    signing = App.register(service, "signing", userinfo_signed_response_alg="ES256")
    browser = Browser(service)
    signed = signing.userinfo(signing.tokens(browser)["access_token"]).text
    assert 2 == signed.count(".")
    assert "invalid_request" == outcome(signing.ask(browser, prompt="none", id_token_hint=signed))
    query = {"id_token_hint": signed, "post_logout_redirect_uri": AFTER_LOGOUT}
    assert "page:/end-session" == outcome(Browser(service).get("/end-session", query_string=query))


# Cookies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [
    "{name}={good}; {name}=bad",
    "{name}=bad; {name}={good}",
    "{name}={good}; ={name}=bad",
    "={name}={good}",
    "{name}={good}; {name}",
    "{name}={good};{name}=;",
    '{name}="{good}"',
    "{name} ={good}",
    "{name}={good},{name}=bad",
    "idp_session={good}",
    "__Secure-idp_session={good}",
    "__host-idp_session={good}",
    "{name}={good}\u00a0",
    "{name}=%41{good}",
])  # fmt: skip
def test_a_tossed_cookie_is_none(service: Service, app: App, browser: Browser, header: str) -> None:
    """A neighbour's cookie of the same name, a nameless one that spells it, another prefix: nobody is there (T68)."""
    good = browser.cookies()[SESSION]
    query = app.request(prompt="none")
    for sent, expected in ((f"{SESSION}={good}", "code"), (header.format(name=SESSION, good=good), "login_required")):
        response = Client(service.front, use_cookies=False).get(
            "/authorize", base_url=ADDRESS, query_string=query, headers={"Cookie": sent}
        )
        assert expected == outcome(response)


def test_cookies_are_locked_to_this_host(service: Service, app: App) -> None:
    """__Host-, Secure, HttpOnly, Lax, no domain, path /: and a handle in them, nothing to read."""
    browser = Browser(service)
    asked = app.ask(browser)
    answered = browser.sign_in(asked)
    for response in (asked, answered):
        for cookie in response.headers.getlist("Set-Cookie"):
            name, _, rest = cookie.partition("=")
            assert name.startswith("__Host-idp_")
            attributes = {part.strip().lower() for part in rest.split(";")[1:]}
            assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
            assert not [attribute for attribute in attributes if attribute.startswith("domain")]


# Pages --------------------------------------------------------------------------------------------------------------


def _pages(service: Service, app: App, stranger: App) -> list[TestResponse]:
    browser = Browser(service)
    sign_in = browser.follow(stranger.ask(browser, prompt="login consent", response_mode="form_post"))
    consent = browser.follow(browser.sign_in(sign_in))
    posted = browser.submit(consent, {"action": "allow"})
    return [
        sign_in,
        consent,
        posted,
        browser.get("/account"),
        browser.get("/end-session"),
        browser.get("/signed-out"),
        browser.get("/authorize"),
        browser.get("/nowhere"),
        browser.get("/sign-in?journey=unknown-one"),
        browser.post("/sign-in", {"a": "b"}),
        browser.post("/signed-out", {"a": "b"}),
    ]


def test_no_page_is_framed_cached_or_scripted(service: Service, app: App, stranger: App) -> None:
    """Every page that there is, errors too (T68, T69)."""
    for page in _pages(service, app, stranger):
        assert "text/html" == page.mimetype, page.request.path
        policy = page.headers["Content-Security-Policy"]
        for directive in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'"):
            assert directive in policy
        assert "unsafe" not in policy
        assert "no-store" == page.headers["Cache-Control"]
        assert "Cookie" in page.headers["Vary"]
        assert "nosniff" == page.headers["X-Content-Type-Options"]
        assert "Access-Control-Allow-Origin" not in page.headers
        assert "max-age=" in page.headers["Strict-Transport-Security"]


def test_redirects_are_303_uncached_and_without_referrer(service: Service, app: App, browser: Browser) -> None:
    """No form is ever sent on, and the code in the address goes nowhere else (RFC 9700 §4.2.4, §4.12)."""
    fresh = Browser(service)
    asked = app.ask(fresh)
    for response in (
        asked,
        fresh.sign_in(asked),
        app.ask(browser, prompt="none"),
        fresh.post("/authorize", app.request()),
    ):
        assert 303 == response.status_code
        assert "no-store" == response.headers["Cache-Control"]
        assert "no-referrer" == response.headers["Referrer-Policy"]


def test_scripts_of_other_origins_read_no_page(service: Service, app: App, browser: Browser) -> None:
    """CORS never at /authorize (RFC 9700 §2.6), nor on any page."""
    for path in ("/authorize", "/sign-in", "/consent", "/account", "/end-session"):
        for method in ("GET", "OPTIONS"):
            response = browser.client.open(
                path,
                method=method,
                base_url=ADDRESS,
                headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
            )
            assert not [name for name, _ in response.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("path", ["/token", "/userinfo", "/introspect", "/revoke"])
def test_cors_never_comes_with_credentials(app: App, path: str) -> None:
    """A script may call with a token that it holds, never with somebody's cookie."""
    response = Client(app.service.front).options(path, base_url=ADDRESS, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert response.headers.get("Access-Control-Allow-Origin", "*") == "*"


# Routes -------------------------------------------------------------------------------------------------------------

GUARDED = {
    "/authorize": "an app's request: nothing but a journey begins",
    "/sign-in": "form",
    "/change-password": "form",
    "/consent": "form",
    "/end-session": "an app's request, or a form",
    "/recover": "form",
    "/recover/code": "form, in the browser that asked",
    "/reset-password": "form, with a pass or a link",
    "/account/password": "form, in a session of the last five minutes, and the present password",
    "/account": "form, in a session: an offer is put off",
    "/account/apps": "form, in a session",
    "/account/close": "form, in a session of the last five minutes",
    "/account/details": "form, in a session",
    "/account/email": "form, in a session of the last five minutes, and the code that was mailed there",
    "/account/sessions": "form, in a session: it ends others",
    "/account/share": "form, in a session of the last five minutes, by who manages the contract",
    "/account/shared": "form, in a session, by either side of the share",
    "/account/call-code": "form, in a session: a code is shown, and one from before is void",
    "/desk": "form, by a member of staff",
    "/desk/accounts/<account_id>": "form, by a support agent; an act needs a verified caller and a fresh passkey",
    "/enrol-factor": "form, in a journey or a session of the last five minutes, with the second step that is there",
    "/invitation": "a link of ours, the form of its page, and a passkey",
    "/lock-down": "a link of ours, or a form in a session; it takes and never gives",
    "/recover/factor": "form, with a pass",
    "/security/approvals/<approval_id>": "form, by a decider's passkey of the last five minutes",
    "/security/clients": "form, by a security engineer's passkey of the last five minutes",
    "/security/keys": "form, by a security engineer's passkey of the last five minutes",
    "/sign-in/passkey": "form, and a signature",
    "/slow-down": "form, and work or patience",
    "/verify-factor": "form, in a journey, and a code or a signature",
}


def test_every_route_that_takes_a_post_is_known_and_guarded(service: Service, app: App, browser: Browser) -> None:
    """A new page that changes something comes into this list, and wants a form of our own (ASVS 6.1.3)."""
    posting = {rule.rule for rule in service.pages_app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert set(GUARDED) == posting
    before = browser.cookies()
    for path in posting:
        for form in ({"a": "b"}, {"form_token": "1.x", "action": "allow"}):
            response = browser.post(path, form)
            # To a customer the console is not there at all.
            expected = {"shown:404"} if path.startswith(("/security", "/desk")) else {"shown:400", "page:/end-session"}
            assert outcome(response) in expected, path
    assert before == browser.cookies()
    assert "code" == outcome(app.ask(browser, prompt="none"))


def test_no_page_but_signing_in_opens_a_session(service: Service, app: App) -> None:
    """Every page is fetched by a stranger: nobody is signed in by looking."""
    for rule in service.pages_app.url_map.iter_rules():
        stranger = Browser(service)
        path = rule.rule.replace("<path:name>", "style.css").replace("<path:filename>", "style.css")
        response = stranger.client.get(path, base_url=ADDRESS, buffered=True)
        assert response.status_code < 500
        assert SESSION not in stranger.cookies()
