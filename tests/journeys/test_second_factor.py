"""A second factor at sign-in, and on the way there: shown, remembered, stood in for, set up, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from idp.app import Service
from idp.clients.policy import ACR_VALUES
from tests.support.authenticator import Authenticator, Said
from tests.support.clock import SettableClock
from tests.support.in_process import ADDRESS, App, Browser, add_person, issuer_on
from tests.support.second_factors import (
    AuthenticatorApp,
    add_app,
    add_passkey,
    add_recovery_codes,
    answer_with,
    app_on,
    heading,
    recovery_codes_on,
    verify_code,
)
from tests.support.typed_factors import NUMBER, Person, texted_code

PWD, MFA, PHISHING_RESISTANT = ACR_VALUES
ASKED = "Enter the code from your app"
SESSION, REMEMBERED = "__Host-idp_session", "__Host-idp_remembered"
DAY = 86_400.0


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with nobody in it; texts are on, and come to a folder."""
    folder = tmp_path / "mail"
    with issuer_on(sqlite_url, tmp_path, clock=clock, mail_folder=folder, sms=True) as running:
        yield running


@pytest.fixture
def dana(service: Service) -> str:
    """Give dana's id."""
    return add_person(service)


@pytest.fixture
def phone(service: Service, dana: str) -> AuthenticatorApp:
    """Give dana an authenticator app."""
    return add_app(service, dana)


@pytest.fixture
def browser(service: Service) -> Browser:
    """Give a browser without cookies."""
    return Browser(service)


def after_password(app: App, browser: Browser, **changes: str) -> TestResponse:
    """Ask, sign in, and give the page that comes then."""
    return browser.follow(browser.sign_in(app.ask(browser, **changes)))


def other_way(browser: Browser, page: TestResponse, way: str) -> TestResponse:
    """Choose another way on the page that asks for a factor."""
    journey = page.request.args["journey"]
    return browser.get(f"/verify-factor?journey={journey}&way={way}")


def test_an_app_is_asked_for_after_the_password(database_url: str, tmp_path: Path, clock: SettableClock) -> None:
    """No session before the code; with it the app gets its answer."""
    with issuer_on(database_url, tmp_path, clock=clock) as service:
        phone = add_app(service, add_person(service))
        app, browser = App.register(service), Browser(service)
        page = after_password(app, browser)
        assert ASKED == heading(page)
        assert SESSION not in browser.cookies()
        assert "code" in app.answer(verify_code(browser, page, phone.code()))
        assert SESSION in browser.cookies()


def test_a_wrong_code_can_be_put_right(service: Service, phone: AuthenticatorApp, browser: Browser) -> None:
    """Wrong, missing and malformed codes leave the page; the right one goes on, with the blank that apps show."""
    app = App.register(service)
    page = after_password(app, browser)
    for code, words in (
        (phone.wrong_code(), "is not accepted"),
        (" ", "Enter the six digits"),
        ("abc", "not accepted"),
    ):
        page = verify_code(browser, page, code)
        assert (200, True) == (page.status_code, words in page.text)
    code = phone.code()
    assert "code" in app.answer(verify_code(browser, page, f"{code[:3]} {code[3:]}"))


def test_a_recovery_code_stands_in(service: Service, dana: str, phone: AuthenticatorApp, browser: Browser) -> None:
    """One link away; capitals and dashes make no difference; the browser is not remembered for it."""
    codes, app = add_recovery_codes(service, dana), App.register(service)
    page = after_password(app, browser)
    assert "I lost my device" in page.text
    page = other_way(browser, page, "recovery_code")
    assert "Use a recovery code" == heading(page)
    assert "10 codes are left" in page.text
    spent = codes[0].lower().replace("-", " ")
    assert "code" in app.answer(verify_code(browser, page, spent, way="recovery_code", remember="yes"))
    assert REMEMBERED not in browser.cookies()

    again = Browser(service)
    page = other_way(again, after_password(app, again), "recovery_code")
    page = verify_code(again, page, spent, way="recovery_code")
    assert "each works once" in page.text
    assert "9 codes are left" in page.text


def test_the_ways_are_those_of_the_account(service: Service, dana: str, browser: Browser, clock: SettableClock) -> None:
    """What was used last comes first; the list names devices and hides numbers; what is not there is not open."""
    add_app(service, dana, name="Dana’s phone")
    clock.advance(1)
    Person(service, dana).add_number()
    page = after_password(App.register(service), browser)
    assert "Get a code by text" == heading(page)
    listed = browser.get(f"/verify-factor/ways?journey={page.request.args['journey']}").text
    assert ["Dana’s phone" in listed, "+49 ••• 78" in listed, NUMBER in listed] == [True, True, False]
    assert "Recovery code" not in listed
    assert ASKED == heading(other_way(browser, page, "totp"))
    refused = browser.submit(page, {"way": "passkey", "action": "verify", "passkey": "{}"})
    assert "This way cannot be used here" in refused.text


def test_a_code_by_text(service: Service, dana: str, browser: Browser) -> None:
    """Sent when the button is pressed, again after half a minute, and good for this sign-in."""
    app, person = App.register(service), Person(service, dana)
    person.add_number()
    page = after_password(app, browser)
    page = browser.follow(browser.submit(page, {"way": "sms", "action": "send"}))
    assert "Enter the code from the text" == heading(page)
    again = browser.submit(page, {"way": "sms", "action": "send"})
    assert (429, True) == (again.status_code, "in 30 seconds" in again.text)
    assert "code" in app.answer(verify_code(browser, page, texted_code(service), way="sms"))


def test_a_passkey_as_second_factor(service: Service, dana: str, browser: Browser) -> None:
    """Its signature is accepted once, and leads on."""
    app, device = App.register(service), add_passkey(service, dana)
    page = after_password(app, browser)
    assert "Use your passkey" == heading(page)
    fields = {"way": "passkey", "action": "verify", "passkey": "not even JSON"}
    page = browser.submit(page, fields)
    assert "This passkey was not accepted" in page.text
    assert "code" in app.answer(browser.submit(page, fields | {"passkey": answer_with(device, page)}))


def test_a_remembered_browser_is_not_asked_again(
    service: Service, phone: AuthenticatorApp, browser: Browser, clock: SettableClock
) -> None:
    """For thirty days, if that was ticked; another browser is asked, and so is this one afterwards."""
    app = App.register(service)
    page = after_password(app, browser)
    assert 'name="remember" value="yes"' in page.text
    verify_code(browser, page, phone.code(), remember="yes")
    assert REMEMBERED in browser.cookies()
    assert "code" in app.answer(browser.sign_in(app.ask(browser, prompt="login")))
    assert ASKED == heading(after_password(app, Browser(service)))
    clock.advance(30 * DAY + 1)
    assert ASKED == heading(after_password(app, browser, prompt="login"))


def test_cancelling_at_the_factor_tells_the_app(service: Service, phone: AuthenticatorApp, browser: Browser) -> None:
    """Cancel is access_denied; nobody is signed in."""
    app = App.register(service)
    page = after_password(app, browser)
    assert "access_denied" == app.answer(browser.submit(page, {"action": "cancel"}))["error"]
    assert {} == browser.cookies()


def test_two_tabs_and_the_way_back(
    service: Service, phone: AuthenticatorApp, browser: Browser, clock: SettableClock
) -> None:
    """Each tab has a journey of its own, with its own proofs; going back to one that is finished says so."""
    app = App.register(service)
    first, second = after_password(app, browser), after_password(app, browser)
    assert "code" in app.answer(verify_code(browser, first, phone.code()))
    assert "is not accepted" in verify_code(browser, second, phone.code()).text
    clock.advance(30)
    assert "code" in app.answer(verify_code(browser, second, phone.code()))
    assert 400 == verify_code(browser, first, phone.code()).status_code


def test_an_app_can_be_set_up_on_the_way(service: Service, dana: str, browser: Browser, clock: SettableClock) -> None:
    """An app that takes no password alone leads to the page; the factor that was proved there counts at once."""
    app = App.register(service, minimum_acr=MFA)
    page = after_password(app, browser)
    assert "Add a second step" == heading(page)
    journey = page.request.args["journey"]
    page = browser.get(f"/enrol-factor?journey={journey}&kind=totp")
    phone = app_on(service, page)
    assert phone == app_on(service, browser.get(f"/enrol-factor?journey={journey}&kind=totp"))
    wrong = browser.submit(page, {"code": phone.wrong_code(), "name": "My phone", "action": "add"})
    assert "is not accepted" in wrong.text
    assert 'value="My phone"' in wrong.text
    codes = browser.submit(wrong, {"code": phone.code(), "name": "My phone", "action": "add"})
    assert "Keep these recovery codes" == heading(codes)
    assert 10 == len(set(recovery_codes_on(codes)))
    answer = browser.submit(codes, {"action": "saved"})
    claims = app.introspect(app.exchange(app.answer(answer)["code"]).get_json()["access_token"])
    assert (MFA, ["pwd", "otp", "mfa"]) == (claims["acr"], claims["amr"])

    clock.advance(30)
    again = Browser(service)
    assert ASKED == heading(after_password(app, again))


def test_the_recovery_codes_are_shown_once(service: Service, dana: str, browser: Browser) -> None:
    """Reloading the page that showed them leads on, and shows none."""
    app = App.register(service, minimum_acr=MFA)
    page = after_password(app, browser)
    page = browser.get(f"/enrol-factor?journey={page.request.args['journey']}&kind=totp")
    sent = {"code": app_on(service, page).code(), "name": "", "action": "add"}
    assert recovery_codes_on(browser.submit(page, sent))
    assert "code" in app.answer(browser.submit(page, sent))


def test_a_passkey_can_be_set_up_on_the_way(service: Service, dana: str, browser: Browser) -> None:
    """An app that asks for phishing resistance is offered nothing else."""
    app = App.register(service)
    page = after_password(app, browser, acr_values=PHISHING_RESISTANT)
    assert "Authenticator app" not in page.text
    page = browser.get(f"/enrol-factor?journey={page.request.args['journey']}&kind=totp")
    assert "Add a second step" == heading(page)
    page = browser.get(f"/enrol-factor?journey={page.request.args['journey']}&kind=passkey")
    device = Authenticator(Said(origin=ADDRESS))
    codes = browser.submit(page, {"passkey": answer_with(device, page), "name": "Blue key"})
    answer = app.answer(browser.submit(codes, {"action": "saved"}))
    claims = app.introspect(app.exchange(answer["code"]).get_json()["access_token"])
    assert (PHISHING_RESISTANT, ["pwd", "hwk", "user", "mfa"]) == (claims["acr"], claims["amr"])


def test_not_now_tells_the_app(service: Service, dana: str, browser: Browser) -> None:
    """Whoever sets nothing up is not what the app asked for."""
    app = App.register(service, minimum_acr=MFA)
    page = after_password(app, browser)
    answer = app.answer(browser.submit(page, {"action": "cancel"}))
    assert "unmet_authentication_requirements" == answer["error"]
    assert SESSION not in browser.cookies()


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
