"""Somebody else is in Dana's account: she says "This wasn't me", signed in or by a mail, and gets back by recovery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from tests.support.account_pages import account_id_of, open_page, press, seen
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.recovery import NEW_PASSWORD, code_in, deliver, heading, reset

DAY = 86_400.0


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, whose mail lands in a folder."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


def mailed_link(service: Service) -> str:
    """Give the link of the newest notice."""
    found = re.search(r"^\S+/lock-down\?token=\S+$", deliver(service)[0].text, re.MULTILINE)
    assert found, deliver(service)[0].text
    return found[0]


def notice_of_reset(service: Service) -> str:
    """Have dana's password reset, and give the link of the notice about it."""
    reset(service, Browser(service))
    return mailed_link(service)


def test_from_the_account_page(service: Service) -> None:
    """One button: every session ends, the tokens are dead, and the page says how it goes on."""
    app, thief, browser = App.register(service), Browser(service), Browser(service)
    tokens = app.tokens(thief, scope="openid offline_access", prompt="consent")
    page = open_page(browser, "/lock-down")
    assert "Nothing has happened yet" in seen(page)
    done = browser.follow(browser.submit(page, {}))
    assert "Your account is locked" == heading(done)
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    for one in (thief, browser):
        assert "Sign in" == heading(one.follow(one.get("/account")))


def test_nobody_signs_in_until_the_account_was_recovered(service: Service) -> None:
    """The right password leads to recovery and no further; a reset opens the account again."""
    browser = Browser(service)
    browser.submit(open_page(browser, "/lock-down"), {})
    app = App.register(service)
    answer = browser.follow(browser.sign_in(app.ask(browser)))
    assert "code=" not in answer.headers.get("Location", "")
    assert {} == {name: value for name, value in browser.cookies().items() if name.endswith("idp_session")}
    reset(service, Browser(service))
    assert "Your account" == heading(open_page(browser, "/account", password=NEW_PASSWORD))


def test_by_the_link_of_a_mail_signed_out(service: Service) -> None:
    """Opening it does nothing, however often; the button on its page locks, in any browser."""
    link = notice_of_reset(service)
    owner = Browser(service)
    open_page(owner, "/account", password=NEW_PASSWORD)
    anywhere = Browser(service, agent="Phone/1.0")
    anywhere.get(link)
    page = anywhere.get(link)
    assert "Your account" == heading(owner.get("/account"))
    done = anywhere.follow(anywhere.submit(page, {}))
    assert "Your account is locked" == heading(done)
    assert "Sign in" == heading(owner.follow(owner.get("/account")))


def test_the_owner_is_told_and_support_sees_it(service: Service) -> None:
    """A mail says what happened and how to open the account; the trail has the event."""
    browser = Browser(service)
    browser.submit(open_page(browser, "/lock-down"), {})
    notice = deliver(service)[0]
    assert ("dana@example.com", "Your account is locked") == (notice.recipient, notice.subject)
    assert "https://id.example.com/recover" in notice.text
    reset(service, Browser(service))
    page = open_page(Browser(service), "/account/activity", password=NEW_PASSWORD)
    assert "the account was locked" in seen(page)


def test_a_link_works_once_and_for_seven_days(service: Service, clock: SettableClock) -> None:
    """After a recovery the same mail cannot lock again; an old mail leads to recovery."""
    link = notice_of_reset(service)
    browser = Browser(service)
    browser.submit(browser.get(link), {})
    clock.advance(121)
    reset(service, Browser(service), "yet another kettle of fish")
    assert "Your account is locked" == heading(browser.follow(browser.submit(browser.get(link), {})))
    assert "Your account" == heading(open_page(Browser(service), "/account", password="yet another kettle of fish"))
    clock.advance(8 * DAY)
    over = browser.get(link)
    assert (400, "This link does not work any more") == (over.status_code, heading(over))


def test_an_address_that_was_just_changed_is_no_way_back(service: Service, clock: SettableClock) -> None:
    """The thief who put their own address in gets no mail; the owner hears of the lock at the old one."""
    thief = Browser(service)
    waiting = thief.follow(press(thief, open_page(thief, "/account/email"), "ask", email="thief@example.net"))
    press(thief, waiting, "confirm", code=code_in(deliver(service)[0]))
    told = next(mail for mail in deliver(service) if mail.recipient == "dana@example.com")
    link = re.search(r"^\S+/lock-down\?token=\S+$", told.text, re.MULTILINE)
    assert link
    owner = Browser(service)
    owner.submit(owner.get(link[0]), {})
    locked = [mail for mail in deliver(service) if mail.subject == "Your account is locked"]
    assert {"dana@example.com", "thief@example.net"} == {mail.recipient for mail in locked}
    clock.advance(300)
    before = len(deliver(service))
    thief.submit(thief.get("/recover"), {"choice": "password", "identifier": "dana"})
    assert before == len(deliver(service))
    assert account_id_of(service)
