"""A second factor at sign-in: shown, remembered, stood in for, cancelled."""

from __future__ import annotations

from pathlib import Path

from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.second_factors import (
    ASKED,
    REMEMBERED,
    SESSION,
    AuthenticatorApp,
    add_app,
    add_passkey,
    add_recovery_codes,
    after_password,
    answer_with,
    heading,
    other_way,
    verify_code,
)
from tests.support.typed_factors import NUMBER, Person, texted_code

DAY = 86_400.0


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
