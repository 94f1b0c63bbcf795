"""Tom has forgotten his password and has a second factor: the mail is one proof, the factor the other."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from idp.app import Service
from idp.mfa.factors import NewFactor, add_factor, list_factors
from idp.mfa.policy import Factor
from idp.mfa.remembered import count_remembered, remember
from idp.storage.handles import new_id
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.recovery import NEW_PASSWORD, ask, code_in, deliver, heading, link_in, prove, reset
from tests.support.second_factors import add_app, add_passkey, add_recovery_codes, answer_with

NEXT = "Your second step"
PHONE = "+4915112345678"


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer that sends texts, with tom; each test gives him what he has."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail", sms=True) as running:
        add_person(running)
        yield running


@pytest.fixture
def tom(service: Service) -> str:
    """Give tom's account id."""
    return add_person(service, "tom")


def add_number(service: Service, account_id: str) -> None:
    """Give an account a number that codes are sent to."""
    factor = NewFactor(id=new_id(service.entropy), account_id=account_id, kind=Factor.SMS, name="P", phone_number=PHONE)
    with service.database.writing() as connection:
        add_factor(connection, factor, now=service.clock())


def show(browser: Browser, page: TestResponse, way: str, **fields: str) -> TestResponse:
    """Choose a way on the page that asks for one more proof, and send what it asks for."""
    path = page.request.path + "?" + page.request.query_string.decode()
    opened = browser.get(f"{path}&way={way}")
    return browser.submit(opened, {"action": "verify", **fields})


def choose(browser: Browser, response: TestResponse, password: str = NEW_PASSWORD) -> TestResponse:
    """Choose the new password on the page that a redirect leads to."""
    return browser.submit(browser.follow(response), {"new_password": password, "sign_out": "yes"})


def test_code_of_the_app(service: Service, tom: str) -> None:
    """Mail, six digits, new password; the factor stays, nobody is signed in, and the next sign-in asks for it."""
    app_on_phone, browser = add_app(service, tom), Browser(service)
    page = prove(service, browser, "tom")
    assert NEXT == heading(page)
    assert 'name="new_password"' not in page.text
    shown = browser.submit(page, {"code": app_on_phone.code(), "action": "verify"})
    assert "Choose a new password" == heading(browser.follow(shown))
    assert "Your password is changed" == heading(browser.follow(choose(browser, shown)))
    assert {} == browser.cookies()
    with service.database.reading() as connection:
        assert ["totp"] == [factor.kind for factor in list_factors(connection, account_id=tom)]
    answer = browser.sign_in(App.register(service).ask(browser), "tom", NEW_PASSWORD)
    assert answer.headers["Location"].startswith("/verify-factor?journey=")


def test_link_in_another_browser(service: Service, tom: str) -> None:
    """The link with the code of its mail leads to the same page: it is one proof, wherever it was opened."""
    app_on_phone, desk, phone = add_app(service, tom), Browser(service), Browser(service, agent="Phone/1.0")
    ask(desk, "tom")
    mail = deliver(service)[0]
    page = phone.follow(phone.submit(phone.get(link_in(mail)), {"code": code_in(mail)}))
    assert NEXT == heading(page)
    assert 303 == choose(phone, phone.submit(page, {"code": app_on_phone.code()})).status_code


def test_recovery_code(service: Service, tom: str, clock: SettableClock) -> None:
    """For whoever has lost the phone: it is spent by that, and the owner is told how many are left."""
    add_app(service, tom)
    codes, browser = add_recovery_codes(service, tom), Browser(service)
    page = prove(service, browser, "tom")
    assert 303 == choose(browser, show(browser, page, "recovery_code", code=codes[0].lower())).status_code
    told = next(mail for mail in deliver(service) if mail.subject == "A recovery code was used")
    assert "9 recovery codes are left" in told.text
    again = Browser(service)
    clock.advance(121)
    refused = show(again, prove(service, again, "tom"), "recovery_code", code=codes[0])
    assert (NEXT, True) == (heading(refused), "This code is not accepted" in refused.text)


def test_passkey(service: Service, tom: str) -> None:
    """A signature for this very recovery."""
    device, browser = add_passkey(service, tom), Browser(service)
    page = prove(service, browser, "tom")
    answer = answer_with(device, page)
    assert 303 == choose(browser, browser.submit(page, {"passkey": answer})).status_code


def test_code_by_text(service: Service, tom: str) -> None:
    """Asked for by a button, sent to the number that the account has, of which the page shows the end."""
    add_number(service, tom)
    browser = Browser(service)
    page = prove(service, browser, "tom")
    assert 'name="code"' not in page.text
    assert "78" in page.text
    assert PHONE not in page.text
    waiting = browser.follow(browser.submit(page, {"action": "send"}))
    sent = next(mail for mail in deliver(service) if mail.recipient == PHONE)
    digits = re.search(r"#(\d{6})", sent.text)
    assert digits
    assert 303 == choose(browser, browser.submit(waiting, {"code": digits[1], "action": "verify"})).status_code


def test_without_any_of_them(service: Service, tom: str) -> None:
    """The page says what support does; there is no field and no link that goes round the factor."""
    add_app(service, tom)
    page = prove(service, Browser(service), "tom")
    words = html.unescape(page.text)
    assert "Do you have none of these any more?" in words
    assert "Support makes sure who you are" in words
    assert "recovery_code" not in page.text  # he has none: nobody is sent to look for them
    links = set(re.findall(r'href="(/[^"]*)"', page.text))
    assert {"/account"} == {link for link in links if not link.startswith("/static/")}


def test_the_way_that_was_used_last_comes_first(service: Service, tom: str, clock: SettableClock) -> None:
    """What is at hand, probably; the others are links below."""
    add_passkey(service, tom)
    clock.advance(1)
    add_app(service, tom)
    clock.advance(1)
    add_number(service, tom)
    add_recovery_codes(service, tom)
    page = prove(service, Browser(service), "tom")
    ways = re.findall(r'name="way" value="(\w+)"|&amp;way=(\w+)"', page.text)
    assert ["sms", "totp", "passkey", "recovery_code"] == [first or second for first, second in ways]


def test_a_shorter_password_beside_a_factor(service: Service, tom: str) -> None:
    """Eight characters with a second factor, fifteen without (NIST SP 800-63B-4 §3.1.1.2)."""
    short = "kiwi&owl"
    alone = Browser(service)
    assert "at least 15" in reset(service, alone, short).text
    app_on_phone, browser = add_app(service, tom), Browser(service)
    page = prove(service, browser, "tom")
    shown = browser.submit(page, {"code": app_on_phone.code()})
    assert "at least 8" in choose(browser, shown, short[:7]).text
    assert 303 == choose(browser, shown, short).status_code


def test_remembered_browsers_are_forgotten(service: Service, tom: str) -> None:
    """A browser that saved showing the factor does not after a reset, ticked or not."""
    app_on_phone, browser = add_app(service, tom), Browser(service)
    with service.database.writing() as connection:
        remember(
            connection,
            account_id=tom,
            brought_digest=None,
            user_agent_label=None,
            entropy=service.entropy,
            now=service.clock(),
        )
    page = prove(service, browser, "tom")
    shown = browser.submit(page, {"code": app_on_phone.code()})
    assert 303 == browser.submit(browser.follow(shown), {"new_password": NEW_PASSWORD}).status_code
    with service.database.reading() as connection:
        assert 0 == count_remembered(connection, account_id=tom, now=service.clock())


def test_nobody_is_asked_who_has_no_factor(service: Service) -> None:
    """Dana goes straight to the new password; the page for a factor leads there, too."""
    browser = Browser(service)
    page = prove(service, browser)
    assert "Choose a new password" == heading(page)
    factor_page = page.request.full_path.replace("/reset-password", "/recover/factor")
    assert "/reset-password?" in browser.get(factor_page).headers["Location"]
