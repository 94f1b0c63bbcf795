"""Second factors from the account pages: added, renamed, removed, moved to a new phone."""

from __future__ import annotations

from werkzeug.test import TestResponse

from idp.app import Service
from idp.mfa.policy import MFA
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser
from tests.support.second_factors import (
    ASKED,
    SESSION,
    AuthenticatorApp,
    add_app,
    add_recovery_codes,
    after_password,
    app_on,
    heading,
    other_way,
    recovery_codes_on,
    verify_code,
)
from tests.support.typed_factors import NUMBER, texted_code

DAY = 86_400.0


def signed_in(browser: Browser) -> TestResponse:
    """Sign in at the account page."""
    return browser.follow(browser.sign_in(browser.get("/account")))


def test_an_app_is_added_from_the_account(service: Service, dana: str, browser: Browser) -> None:
    """Right after a sign-in; the session gets a new handle and is worth more; the sign-in methods come next."""
    signed_in(browser)
    before = browser.cookies()[SESSION]
    page = browser.get("/enrol-factor?kind=totp")
    codes = browser.submit(page, {"code": app_on(service, page).code(), "name": "My phone", "action": "add"})
    assert 10 == len(recovery_codes_on(codes))
    assert 'href="/account/methods"' in codes.text
    assert before != browser.cookies()[SESSION]
    app = App.register(service)
    assert "code" in app.answer(app.ask(browser, prompt="none", acr_values=MFA))


def test_whoever_signed_in_long_ago_signs_in_again(
    service: Service, dana: str, browser: Browser, clock: SettableClock
) -> None:
    """Five minutes after the sign-in nothing is added, by page or by post, until the password was given again."""
    signed_in(browser)
    page = browser.get("/enrol-factor?kind=totp")
    clock.advance(301)
    sent = browser.submit(page, {"code": app_on(service, page).code(), "name": "", "action": "add"})
    assert "Sign in" == heading(browser.follow(sent))
    page = browser.follow(browser.sign_in(browser.get("/enrol-factor")))
    assert "Add a second step" == heading(page)


def test_a_remembered_browser_shows_its_factor_before_another_is_added(
    service: Service, phone: AuthenticatorApp, browser: Browser, clock: SettableClock
) -> None:
    """Being remembered is no factor: what changes factors asks for one."""
    verify_code(browser, signed_in(browser), phone.code(), remember="yes")
    browser.client.delete_cookie(SESSION, domain="id.example.com")
    clock.advance(60)
    assert "Your account" in heading(signed_in(browser))
    page = browser.follow(browser.get("/enrol-factor"))
    assert ASKED == heading(page)
    page = browser.follow(verify_code(browser, page, phone.code()))
    assert "Add a second step" == heading(page)


def test_a_number_is_added_by_the_code_that_it_was_sent(service: Service, dana: str, browser: Browser) -> None:
    """The code adds the number that it went to, whatever number comes with it (T26)."""
    signed_in(browser)
    page = browser.get("/enrol-factor?kind=sms")
    assert "not a phone number" in browser.submit(page, {"phone": "four", "action": "send"}).text
    page = browser.follow(browser.submit(page, {"phone": NUMBER, "action": "send"}))
    assert "+49 ••• 78" in page.text
    codes = browser.submit(page, {"code": texted_code(service), "action": "add", "number": "+4917612345678"})
    assert 10 == len(recovery_codes_on(codes))
    assert "Mobile phone" in browser.get("/account/methods").text


def test_a_factor_is_renamed_and_removed(service: Service, dana: str, browser: Browser) -> None:
    """The last one goes only when that was said in so many words, and the recovery codes with it."""
    signed_in(browser)
    page = browser.get("/enrol-factor?kind=totp")
    browser.submit(page, {"code": app_on(service, page).code(), "name": "My phone", "action": "add"})
    methods = browser.get("/account/methods")
    own = browser.get(next(link for link in methods.text.split('"') if link.startswith("/enrol-factor?factor=")))
    browser.submit(own, {"name": "Old phone", "action": "rename"})
    assert "Old phone" in browser.get("/account/methods").text
    refused = browser.submit(own, {"action": "remove"})
    assert "This is your only one" in refused.text
    browser.submit(own, {"action": "remove", "also_last": "yes"})
    left = browser.get("/account/methods").text
    assert ["Old phone" in left, "Recovery codes" in left] == [False, False]
    assert 303 == browser.submit(own, {"action": "rename", "name": "Gone"}).status_code


def test_new_recovery_codes_end_the_old_ones(
    service: Service, dana: str, browser: Browser, clock: SettableClock
) -> None:
    """Shown once on their page; none of the old ones opens anything."""
    phone, old = add_app(service, dana), add_recovery_codes(service, dana)
    page = verify_code(browser, signed_in(browser), phone.code())
    page = browser.get("/enrol-factor?kind=recovery_codes")
    new = recovery_codes_on(browser.submit(page, {"action": "renew"}))
    assert (10, set()) == (len(new), set(new) & set(old))
    clock.advance(30)
    other, app = Browser(service), App.register(service)
    page = other_way(other, after_password(app, other), "recovery_code")
    page = verify_code(other, page, old[0], way="recovery_code")
    assert "code" in app.answer(verify_code(other, page, new[0], way="recovery_code"))


def test_a_new_phone_comes_before_the_old_one_goes(
    service: Service, dana: str, browser: Browser, clock: SettableClock
) -> None:
    """From the page about new phones and back to it, both times; an address of somebody else's is not gone to."""
    phone = add_app(service, dana, name="Old phone")
    add_recovery_codes(service, dana)
    verify_code(browser, signed_in(browser), phone.code())
    clock.advance(1)  # the old one is older, and so stands first
    start = browser.get("/account/new-phone")
    assert "/enrol-factor?then=new-phone" in start.text
    page = browser.get("/enrol-factor?then=new-phone&kind=totp")
    added = browser.submit(page, {"code": app_on(service, page).code(), "name": "New phone", "action": "add"})
    assert "/account/new-phone" == added.headers["Location"]
    lists = browser.get("/account/new-phone").text
    old = next(link for link in lists.split('"') if "&amp;factor=" in link).replace("&amp;", "&")
    removed = browser.submit(browser.get(old), {"action": "remove"})
    assert "/account/new-phone" == removed.headers["Location"]
    assert "Old phone" not in browser.get("/account/new-phone").text
    assert "//evil" not in browser.get("/enrol-factor?then=//evil").text
