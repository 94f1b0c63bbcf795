"""What a thief would try on the journeys: other people's links, tabs, forms and stores, and the right moment."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, update

from idp.app import Service
from idp.issuance.consents import consented_scopes
from idp.storage.sql_store import EphemeralRow
from tests.support.in_process import ADDRESS, AFTER_LOGOUT, PASSWORD, App, Browser, add_person
from tests.support.nodes import hidden_fields, outcome, twin_of
from tests.support.racing import at_once

SESSION = "__Host-idp_session"
RIGHT = {"user_id": "dana", "password": PASSWORD}
NEW_PASSWORD = "another battery staple for horses"


@pytest.fixture(scope="module")
def people(service: Service) -> dict[str, str]:
    """Add dana, whom the thief is after, and mallory, who is the thief."""
    return {name: add_person(service, name) for name in ("dana", "mallory")}


@pytest.fixture(scope="module")
def app(service: Service, people: dict[str, str]) -> App:
    """Add an app of the house."""
    return App.register(service)


@pytest.fixture(scope="module")
def stranger(service: Service, people: dict[str, str]) -> App:
    """Add an app that must ask for consent."""
    return App.register(service, "stranger", first_party=False)


# Other people's journeys --------------------------------------------------------------------------------------------


def test_a_link_into_the_thiefs_journey_opens_nothing(service: Service, app: App) -> None:
    """Fixation: the victim follows a link to a page of a journey that the thief has begun (T63)."""
    thief, victim = Browser(service), Browser(service)
    link = app.ask(thief).headers["Location"]
    for page in ("/sign-in", "/consent", "/change-password"):
        assert "shown:400" == outcome(victim.get(link.replace("/sign-in", page)))
    begun = thief.follow(thief.get(link))
    assert "shown:400" == outcome(victim.submit(begun, RIGHT))
    assert SESSION not in victim.cookies()


def test_a_stolen_form_token_is_useless_in_another_browser(service: Service, app: App) -> None:
    """Login CSRF: the thief's own form, sent by the victim's browser, which has a journey of its own (T69)."""
    thief, victim = Browser(service), Browser(service)
    of_thief = thief.follow(app.ask(thief))
    of_victim = victim.follow(app.ask(victim))
    stolen = hidden_fields(of_thief)
    path = of_victim.request.path + "?" + of_victim.request.query_string.decode()
    assert "shown:400" == outcome(victim.post(path, stolen | {"user_id": "mallory", "password": PASSWORD}))
    assert SESSION not in victim.cookies()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ADDRESS + ".evil.example"},
        {"Origin": "http://id.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/" + ADDRESS},
        {"Referer": ADDRESS + ".evil.example/"},
    ],
)
def test_a_form_sent_by_another_site_is_refused(service: Service, app: App, headers: dict[str, str]) -> None:
    """Whatever a browser says against the sender counts, token or not."""
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    path = page.request.path + "?" + page.request.query_string.decode()
    refused = browser.post(path, hidden_fields(page) | RIGHT, headers=headers)
    assert 403 == refused.status_code
    assert "code" == outcome(browser.submit(page, RIGHT))


def test_one_pages_form_token_is_not_anothers(service: Service, app: App, stranger: App) -> None:
    """Tokens are of one page and one journey: none crosses over."""
    browser = Browser(service)
    sign_in = browser.follow(stranger.ask(browser, prompt="login consent"))
    other = browser.follow(app.ask(browser))
    crossed = hidden_fields(sign_in) | {"form_token": hidden_fields(other)["form_token"]}
    assert "shown:400" == outcome(browser.submit(sign_in, crossed | RIGHT))
    consent = browser.follow(browser.submit(sign_in, RIGHT))
    assert "page:/consent" == outcome(consent)
    for token in (hidden_fields(sign_in)["form_token"], hidden_fields(other)["form_token"]):
        fields = hidden_fields(consent) | {"form_token": token, "action": "allow"}
        assert "shown:400" == outcome(browser.submit(consent, fields))
    leaving = browser.get("/end-session")
    fields = {"form_token": hidden_fields(consent)["form_token"], "action": "sign-out"}
    assert "shown:400" == outcome(browser.submit(leaving, fields))


def test_no_step_is_skipped_by_posting_the_next_ones_form(service: Service, stranger: App) -> None:
    """Allowing before signing in allows nothing: the form token of a page that was never shown does not exist (T22)."""
    browser = Browser(service)
    page = browser.follow(stranger.ask(browser))
    for path in ("/consent", "/change-password"):
        target = f"{path}?{page.request.query_string.decode()}"
        assert "page:/sign-in" == outcome(browser.get(target))
        assert "shown:400" == outcome(browser.post(target, hidden_fields(page) | {"action": "allow"}))


def test_a_half_finished_journey_is_no_session(service: Service, stranger: App, app: App) -> None:
    """Signed in, not yet allowed: nothing else in the same browser takes that for a session (T27)."""
    browser = Browser(service)
    assert "page:/consent" == outcome(browser.follow(browser.sign_in(stranger.ask(browser, prompt="consent"))))
    assert SESSION not in browser.cookies()
    assert "login_required" == outcome(app.ask(browser, prompt="none"))
    assert "page:/sign-in" == outcome(browser.get("/account"))


def test_a_cancelled_journey_is_over(service: Service, app: App) -> None:
    """Cancel, then send the form after all (T65)."""
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    assert "access_denied" == outcome(browser.submit(page, {"action": "cancel"}))
    assert "shown:400" == outcome(browser.submit(page, RIGHT))


def test_cancelling_a_renewed_sign_in_leaves_the_session_as_it_was(service: Service, app: App) -> None:
    """Who cancels a re-authentication has not re-authenticated, and keeps their old session alone (T65)."""
    browser = Browser(service)
    app.code(browser)
    before = browser.cookies()[SESSION]
    page = browser.follow(app.ask(browser, prompt="login", max_age="0"))
    assert "access_denied" == outcome(browser.submit(page, {"action": "cancel"}))
    assert before == browser.cookies()[SESSION]
    assert "login_required" == outcome(app.ask(browser, prompt="none", max_age="0"))


@pytest.mark.parametrize("round_number", range(5))
def test_allow_and_cancel_at_once_have_one_outcome(service: Service, stranger: App, round_number: int) -> None:
    """Two tabs with one journey: one of them answers the app."""
    browser = Browser(service)
    page = browser.follow(browser.sign_in(stranger.ask(browser, prompt="consent")))
    clicks = iter([("allow", twin_of(browser, service)), ("cancel", twin_of(browser, service))])

    def click() -> str:
        action, tab = next(clicks)
        return outcome(tab.submit(page, {"action": action}))

    answers = sorted(at_once(2, click))
    assert answers in (["access_denied", "shown:400"], ["code", "shown:400"])


# Two people, one browser --------------------------------------------------------------------------------------------


def test_consent_is_given_by_whom_the_page_named(service: Service, stranger: App, people: dict[str, str]) -> None:
    """Dana's consent page is open; mallory signs in in another tab; Allow in the first tab is not mallory's."""
    browser = Browser(service)
    own = App.register(service, "consenting", first_party=False)
    stranger.finish(browser, stranger.ask(browser))
    page = browser.follow(own.ask(browser))
    assert "dana" in page.text
    tab = browser.follow(stranger.ask(browser, prompt="login"))
    stranger.finish(browser, browser.submit(tab, {"user_id": "mallory", "password": PASSWORD}))
    again = browser.follow(browser.submit(page, {"action": "allow"}))
    assert "page:/consent" == outcome(again)
    assert "mallory" in again.text
    with service.database.reading() as connection:
        allowed = consented_scopes(connection, account_id=people["mallory"], client_id="consenting")
    assert frozenset() == allowed
    assert "code" == outcome(browser.submit(again, {"action": "allow"}))


def test_who_signs_in_on_a_shared_browser_ends_the_ones_before(service: Service, app: App) -> None:
    """No token and no session of dana's is left behind when mallory signs in (T64)."""
    browser = Browser(service)
    tokens = app.tokens(browser, scope="openid offline_access")
    before = twin_of(browser, service)
    page = browser.follow(app.ask(browser, prompt="login"))
    assert "code" == outcome(browser.submit(page, {"user_id": "mallory", "password": PASSWORD}))
    assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
    assert "invalid_grant" == outcome(app.refresh(tokens["refresh_token"]))
    assert "login_required" == outcome(app.ask(before, prompt="none"))


def test_a_hint_for_dana_is_not_answered_with_mallory(service: Service, app: App) -> None:
    """The app asks for dana; whoever else is or signs in gets an error, not a code."""
    hint = app.tokens(Browser(service))["id_token"]
    browser = Browser(service)
    app.finish(browser, app.ask(browser), user_id="mallory")
    assert "login_required" == outcome(app.ask(browser, prompt="none", id_token_hint=hint))
    page = browser.follow(app.ask(browser, id_token_hint=hint))
    assert "login_required" == outcome(browser.submit(page, {"user_id": "mallory", "password": PASSWORD}))


def test_people_who_sign_in_at_once_do_not_meet(service: Service, app: App, people: dict[str, str]) -> None:
    """Forty sign-ins of two people at the same moment: everyone gets tokens of their own (T97)."""
    names = iter(["dana", "mallory"] * 20)

    def sign_in() -> tuple[str, str]:
        name = next(names)
        browser = Browser(service, address=f"192.0.2.{threading.get_ident() % 250}")
        response = app.finish(browser, app.ask(browser), user_id=name)
        body = app.exchange(app.answer(response)["code"]).get_json()
        return people[name], app.userinfo(body["access_token"]).get_json()["sub"]

    assert [] == [pair for pair in at_once(20, sign_in) + at_once(20, sign_in) if pair[0] != pair[1]]


# The stores ---------------------------------------------------------------------------------------------------------


def test_values_swapped_between_journeys_are_not_believed(service: Service, stranger: App) -> None:
    """Who can write to the ephemeral store cannot put dana's signed-in journey in the place of his own."""
    victim, thief = Browser(service), Browser(service)
    signed_in = victim.follow(victim.sign_in(stranger.ask(victim, prompt="consent")))
    begun = thief.follow(stranger.ask(thief))
    rich, poor = (page.request.args["journey"] for page in (signed_in, begun))
    value = _stored(service, rich)
    for forged in (value, value[:32] + _stored(service, poor)[32:], b"", b"{}", value[:40], bytes(64)):
        _store(service, poor, forged)
        assert "shown:400" == outcome(thief.get(f"/consent?journey={poor}"))
        assert "shown:400" == outcome(thief.get(f"/sign-in?journey={poor}"))


def test_every_changed_octet_of_a_journey_is_noticed(service: Service, stranger: App) -> None:
    """The seal covers all of it."""
    browser = Browser(service)
    page = browser.follow(browser.sign_in(stranger.ask(browser, prompt="consent")))
    journey = page.request.args["journey"]
    value = _stored(service, journey)
    for place in range(0, len(value), 37):
        _store(service, journey, value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :])
        assert "shown:400" == outcome(browser.get(f"/consent?journey={journey}"))
    _store(service, journey, value)
    assert "page:/consent" == outcome(browser.get(f"/consent?journey={journey}"))


def _stored(service: Service, journey: str) -> bytes:
    with service.database.reading() as connection:
        found = connection.execute(
            select(EphemeralRow.value).where(EphemeralRow.key == f"journey:{journey}")
        ).scalar_one()
    assert found is not None
    return found


def _store(service: Service, journey: str, value: bytes) -> None:
    with service.database.writing() as connection:
        connection.execute(update(EphemeralRow).where(EphemeralRow.key == f"journey:{journey}").values(value=value))


# What is not a click ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(service: Service, stranger: App, method: str) -> None:
    """A page that is fetched, by a preloader or a mail scanner, signs nobody in or out and allows nothing (A7.6.2)."""
    browser = Browser(service)
    page = browser.follow(stranger.ask(browser, prompt="login consent"))
    journey = page.request.args["journey"]
    fields = hidden_fields(page) | RIGHT | {"action": "allow", "journey": journey}
    for path in ("/sign-in", "/consent"):
        browser.client.open(path, method=method, base_url=ADDRESS, query_string=fields)
    assert SESSION not in browser.cookies()
    consent = browser.follow(browser.submit(page, RIGHT))
    assert "page:/consent" == outcome(consent)
    fields = hidden_fields(consent) | {"action": "allow", "journey": journey}
    browser.client.open("/consent", method=method, base_url=ADDRESS, query_string=fields)
    assert "page:/consent" == outcome(browser.get(f"/consent?journey={journey}"))
    assert "code" == outcome(browser.submit(consent, {"action": "allow"}))
    question = browser.get("/end-session")
    fields = hidden_fields(question) | {"action": "sign-out"}
    browser.client.open("/end-session", method=method, base_url=ADDRESS, query_string=fields)
    assert "code" == outcome(stranger.ask(browser, prompt="none"))


OVERRIDES = {
    "X-HTTP-Method-Override": "POST",
    "X-HTTP-Method": "POST",
    "X-Method-Override": "POST",
    "X-Original-URL": "/account",
    "X-Rewrite-URL": "/account",
    "X-Original-Method": "POST",
    "X-Forwarded-Prefix": "/evil",
    "X-Script-Name": "/evil",
    "X-Forwarded-Path": "/account",
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_headers_turn_a_request_into_no_other(service: Service, app: App, name: str) -> None:
    """Neither pages nor endpoints believe a header about the method or the path."""
    headers = {name: OVERRIDES[name]}
    browser = Browser(service)
    plain, tricked = browser.get("/signed-out"), browser.get("/signed-out", headers=headers)
    assert (plain.status_code, plain.text) == (tricked.status_code, tricked.text)
    assert 405 == browser.get("/token", headers=headers).status_code
    assert "page:/sign-in" == outcome(browser.get("/authorize", query_string=app.request(), headers=headers))


def test_an_app_that_posts_a_sign_out_really_signs_out(service: Service, app: App) -> None:
    """A post from the app's site brings no Lax cookie: it must not say that somebody has left who has not."""
    browser = Browser(service)
    tokens = app.tokens(browser)
    form = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": AFTER_LOGOUT, "state": "s"}
    cross_site = Browser(service).post("/end-session", form)
    assert "page:/end-session" == outcome(cross_site)
    left = browser.get(cross_site.headers["Location"])
    assert AFTER_LOGOUT + "?state=s" == left.headers["Location"]
    assert "login_required" == outcome(app.ask(browser, prompt="none"))
    assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
