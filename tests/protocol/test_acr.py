"""What tokens say of how sure a sign-in was, and what apps get that ask for more (Core §2, §5.5.1.1; RFC 9470)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.clients.policy import ACR_VALUES
from idp.clients.registration import change_client
from tests.protocol.world import World, claims_of
from tests.support.in_process import App, Browser, add_person
from tests.support.second_factors import (
    AuthenticatorApp,
    add_app,
    add_passkey,
    answer_with,
    heading,
    verify_code,
)

PWD, MFA, PHISHING_RESISTANT = ACR_VALUES
UNMET = "unmet_authentication_requirements"
SESSION = "__Host-idp_session"
ASKED = "Enter the code from your app"
PASSKEY_ASKED = "Use your passkey"


@dataclass(kw_only=True)
class Tom:
    """Somebody with an authenticator app, an app of a lender, and a browser that is signed in with both factors."""

    world: World
    user_id: str
    account_id: str
    phone: AuthenticatorApp
    app: App
    browser: Browser

    def sign_in(self, browser: Browser, **changes: Any) -> TestResponse:  # noqa: ANN401 - parameters of the request
        """Sign in with the password; gives what comes then."""
        return browser.follow(browser.sign_in(self.app.ask(browser, **changes), self.user_id))

    def claims(self, answer: TestResponse) -> dict[str, Any]:
        """Exchange the code of an answer, and read the ID token; the access token says the same."""
        body = self.app.exchange(self.app.answer(answer)["code"]).get_json()
        claims, of_access = claims_of(body["id_token"]), claims_of(body["access_token"])
        names = ("acr", "amr", "auth_time", "sid")
        assert [claims[name] for name in names] == [of_access[name] for name in names]
        return claims

    def with_password_alone(self, browser: Browser) -> None:
        """Have a session of the level of a password: in a browser where the factor is remembered."""
        page = self.sign_in(browser)
        verify_code(browser, page, self.phone.code(), remember="yes")
        self.world.advance(30)
        answer = browser.sign_in(self.app.ask(browser, prompt="login"), self.user_id)
        assert PWD == self.claims(answer)["acr"]
        self.world.advance(30)


@pytest.fixture
def tom(world: World) -> Tom:
    """Give somebody new, not signed in."""
    user_id = world.name("tom")
    account_id = add_person(world.service, user_id)
    phone = add_app(world.service, account_id)
    return Tom(
        world=world, user_id=user_id, account_id=account_id, phone=phone, app=world.app(), browser=world.browser()
    )


def essential(*values: str) -> str:
    """Write a claims parameter that makes these acr essential."""
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(values)}}})


def test_a_password_alone(world: World) -> None:
    """The lowest level."""
    app = world.app()
    claims = claims_of(app.tokens(world.browser())["id_token"])
    assert (PWD, ["pwd"]) == (claims["acr"], claims["amr"])


def test_a_password_and_an_app(tom: Tom) -> None:
    """Two factors, by their names in RFC 8176, at the time of the password."""
    page, signed_in_at = tom.sign_in(tom.browser), int(tom.world.clock())
    tom.world.advance(5)
    claims = tom.claims(verify_code(tom.browser, page, tom.phone.code()))
    assert (MFA, ["pwd", "otp", "mfa"], signed_in_at) == (claims["acr"], claims["amr"], claims["auth_time"])


def test_a_passkey_alone(tom: Tom) -> None:
    """Phishing-resistant, and two factors by itself: the device, and what unlocks it."""
    device = add_passkey(tom.world.service, tom.account_id)
    page = tom.browser.follow(tom.app.ask(tom.browser))
    token = page.text.partition('data-passkey="get"')[2].partition('name="form_token" value="')[2].partition('"')[0]
    answer = tom.browser.post(
        f"/sign-in/passkey?{page.request.query_string.decode()}",
        {"passkey": answer_with(device, page), "form_token": token},
    )
    claims = tom.claims(answer)
    assert (PHISHING_RESISTANT, ["hwk", "user", "mfa"]) == (claims["acr"], claims["amr"])


def test_a_remembered_browser_raises_nothing(tom: Tom) -> None:
    """It saves showing the factor, and says so; an app that wants a factor gets one (T25)."""
    tom.with_password_alone(tom.browser)
    assert UNMET == tom.app.answer(tom.app.ask(tom.browser, prompt="none", acr_values=MFA))["error"]
    page = tom.browser.follow(tom.app.ask(tom.browser, acr_values=MFA))
    assert ASKED == heading(page)
    assert MFA == tom.claims(verify_code(tom.browser, page, tom.phone.code()))["acr"]


def test_a_step_up_renews_the_session_and_keeps_its_name(tom: Tom) -> None:
    """A new handle, the same sid; auth_time stays that of the sign-in, which is what is relied upon (Core §2)."""
    tom.with_password_alone(tom.browser)
    before, handle = tom.claims(tom.app.ask(tom.browser)), tom.browser.cookies()[SESSION]
    tom.world.advance(60)
    page = tom.browser.follow(tom.app.ask(tom.browser, acr_values=MFA))
    after = tom.claims(verify_code(tom.browser, page, tom.phone.code()))
    assert (MFA, ["pwd", "otp", "mfa"]) == (after["acr"], after["amr"])
    assert (before["sid"], before["auth_time"]) == (after["sid"], after["auth_time"])
    assert handle != tom.browser.cookies()[SESSION]
    tom.browser.client.set_cookie(SESSION, handle, domain="id.example.com", secure=True)
    assert "login_required" == tom.app.answer(tom.app.ask(tom.browser, prompt="none"))["error"]


def test_max_age_asks_for_both_again(tom: Tom) -> None:
    """A level and an age: an old sign-in of the right level is done anew, with both factors (RFC 9470 §5)."""
    page = tom.sign_in(tom.browser)
    verify_code(tom.browser, page, tom.phone.code())
    tom.world.advance(120)
    assert MFA == tom.claims(tom.app.ask(tom.browser, acr_values=MFA, max_age=300))["acr"]
    page = tom.browser.follow(tom.app.ask(tom.browser, acr_values=MFA, max_age=60))
    assert "Sign in" == heading(page)
    page = tom.browser.follow(tom.browser.sign_in(page, tom.user_id))
    assert ASKED == heading(page)
    claims = tom.claims(verify_code(tom.browser, page, tom.phone.code()))
    assert (MFA, int(tom.world.clock())) == (claims["acr"], claims["auth_time"])


def test_an_essential_acr_is_reached_or_refused(tom: Tom) -> None:
    """With a session of a lower level, too: a page, an error where none may be shown, never a lower token (T24)."""
    tom.with_password_alone(tom.browser)
    assert UNMET == tom.app.answer(tom.app.ask(tom.browser, prompt="none", claims=essential(MFA)))["error"]
    page = tom.browser.follow(tom.app.ask(tom.browser, claims=essential(MFA)))
    assert ASKED == heading(page)
    assert UNMET == tom.app.answer(tom.browser.submit(page, {"action": "cancel"}))["error"]
    either = tom.claims(tom.app.ask(tom.browser, claims=essential(PHISHING_RESISTANT, PWD)))
    assert PWD == either["acr"]


def test_the_stronger_of_two_wishes_counts(tom: Tom) -> None:
    """A weak acr_values beside a strong essential acr does not lower it, and the other way round."""
    tom.with_password_alone(tom.browser)
    for wishes in ({"acr_values": PWD, "claims": essential(MFA)}, {"acr_values": MFA, "claims": essential(PWD)}):
        assert ASKED == heading(tom.browser.follow(tom.app.ask(tom.browser, **wishes)))


def test_only_a_passkey_reaches_phishing_resistance(tom: Tom) -> None:
    """With a passkey in the account nothing else is offered, and a code of the app opens nothing."""
    device = add_passkey(tom.world.service, tom.account_id)
    page = tom.sign_in(tom.browser, acr_values=PHISHING_RESISTANT)
    assert PASSKEY_ASKED == heading(page)
    refused = verify_code(tom.browser, page, tom.phone.code())
    assert "This way cannot be used here" in refused.text
    fields = {"way": "passkey", "action": "verify", "passkey": answer_with(device, refused)}
    claims = tom.claims(tom.browser.submit(refused, fields))
    assert (PHISHING_RESISTANT, ["pwd", "hwk", "user", "mfa"]) == (claims["acr"], claims["amr"])


def test_a_factor_shown_before_another_is_set_up(tom: Tom) -> None:
    """Without a passkey: first the factor that there is, then the page that adds one."""
    page = tom.sign_in(tom.browser, acr_values=PHISHING_RESISTANT)
    assert ASKED == heading(page)
    page = tom.browser.follow(verify_code(tom.browser, page, tom.phone.code()))
    assert "Add a second step" == heading(page)


def test_what_is_registered_counts_without_being_asked_for(tom: Tom, world: World) -> None:
    """The least level of an app holds whatever it asks for; its default only where it asks for nothing."""
    tom.with_password_alone(tom.browser)
    tom.app = world.app(default_acr_values=[MFA])
    assert ASKED == heading(tom.browser.follow(tom.app.ask(tom.browser)))
    assert PWD == tom.claims(tom.app.ask(tom.browser, acr_values=PWD))["acr"]
    tom.app = world.app(minimum_acr=MFA)
    assert ASKED == heading(tom.browser.follow(tom.app.ask(tom.browser, acr_values=PWD)))
    assert UNMET == tom.app.answer(tom.app.ask(tom.browser, prompt="none"))["error"]


def test_a_level_that_nobody_knows_is_a_wish(tom: Tom) -> None:
    """An unknown value in acr_values changes nothing (Core §3.1.2.1: voluntary)."""
    tom.with_password_alone(tom.browser)
    assert PWD == tom.claims(tom.app.ask(tom.browser, acr_values="urn:other:gold"))["acr"]


def test_an_app_whose_least_level_rose_refreshes_no_more(world: World, tom: Tom) -> None:
    """Tokens of a lower level end with the next look at the issuer; the person signs in anew, with more."""
    browser = world.browser()
    tom.with_password_alone(browser)
    tokens = tom.app.exchange(tom.app.answer(tom.app.ask(browser, scope="openid offline_access"))["code"]).get_json()
    with world.service.database.writing() as connection:
        changes = {"minimum_acr": MFA}
        change_client(connection, client_id=tom.app.client_id, changes=changes, now=world.clock())
    world.advance(1)
    assert "invalid_grant" == tom.app.refresh(tokens["refresh_token"]).get_json()["error"]
