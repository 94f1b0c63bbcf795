"""A second factor that an app asks for is set up on the way there, or not."""

from __future__ import annotations

from idp.app import Service
from idp.mfa.policy import MFA, PHISHING_RESISTANT
from tests.support.authenticator import Authenticator, Said
from tests.support.clock import SettableClock
from tests.support.in_process import ADDRESS, App, Browser
from tests.support.second_factors import ASKED, SESSION, after_password, answer_with, app_on, heading, recovery_codes_on


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
