"""Dana gets another e-mail address: asked for with a fresh sign-in, confirmed at the new one, told to the old one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.accounts.models import ACCOUNTS
from idp.app import Service
from idp.delivery.mail_folder import KeptMail
from tests.support.account_pages import account_id_of, open_page, press, seen
from tests.support.clock import SettableClock
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.recovery import WRONG_CODE, code_in, deliver, heading

NEW = "dana.driver@mail.example.net"


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, whose mail lands in a folder."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


def ask(browser: Browser, address: str = NEW) -> TestResponse:
    """Ask for another address; gives the page that follows."""
    return browser.follow(press(browser, open_page(browser, "/account/email"), "ask", email=address))


def address_of(service: Service) -> tuple[str | None, bool]:
    """Give dana's address and whether it is confirmed."""
    columns = select(ACCOUNTS.c.email, ACCOUNTS.c.email_verified).where(ACCOUNTS.c.id == account_id_of(service))
    with service.database.reading() as connection:
        row = connection.execute(columns).one()
    return row.email, row.email_verified


def sent_to(service: Service, address: str) -> list[KeptMail]:
    """Let the worker deliver, and give what one mailbox has got, newest first."""
    return [mail for mail in deliver(service) if mail.recipient == address]


def test_from_asking_to_being_told(service: Service) -> None:
    """Until the code is typed nothing changes; afterwards both addresses know."""
    browser = Browser(service)
    waiting = ask(browser)
    assert NEW in seen(waiting)
    assert ("dana@example.com", True) == address_of(service)
    mail = sent_to(service, NEW)[0]
    assert "dana" not in mail.subject + mail.text.replace("dana.driver", "")
    done = browser.follow(press(browser, waiting, "confirm", code=code_in(mail)))
    assert "Your e-mail address is changed" == heading(done)
    assert (NEW, True) == address_of(service)
    for address in (NEW, "dana@example.com"):
        notice = sent_to(service, address)[0]
        assert "Your e-mail address was changed" == notice.subject
        assert "/lock-down?token=" in notice.text


def test_the_new_address_signs_in_and_recovers_and_the_old_one_does_not(service: Service) -> None:
    """What was mailed to the old address before opens nothing any more."""
    browser, other = Browser(service), Browser(service)
    asked = other.submit(other.get("/recover"), {"choice": "password", "identifier": "dana"})
    old_code = code_in(deliver(service)[0])
    press(browser, ask(browser), "confirm", code=code_in(sent_to(service, NEW)[0]))
    assert "has ended" in heading(other.submit(other.follow(asked), {"code": old_code}, path=asked.headers["Location"]))
    assert "Your account" == heading(open_page(Browser(service), "/account", user_id=NEW))
    assert "Sign in" == heading(open_page(Browser(service), "/account", user_id="dana@example.com"))


def test_a_sign_in_of_more_than_five_minutes_is_not_enough(service: Service, clock: SettableClock) -> None:
    """She signs in again and is back on the page; so it is for the form, if she waited with it (A7.5.1)."""
    browser = Browser(service)
    open_page(browser, "/account")
    clock.advance(301)
    again = browser.follow(browser.get("/account/email"))
    assert "Sign in" == heading(again)
    assert 'value="dana"' in again.text
    page = browser.follow(browser.sign_in(again))
    assert "New e-mail address" == heading(page)
    clock.advance(301)
    assert "Sign in" == heading(browser.follow(press(browser, page, "ask", email=NEW)))
    assert [] == sent_to(service, NEW)


def test_only_the_newest_mail_counts(service: Service, clock: SettableClock) -> None:
    """Another mail after two minutes; the code before it is wrong then."""
    browser = Browser(service)
    waiting = ask(browser)
    first = code_in(sent_to(service, NEW)[0])
    early = press(browser, waiting, "ask", email=NEW)
    assert 429 == early.status_code
    assert "on its way already" in seen(early)
    clock.advance(121)
    waiting = browser.follow(press(browser, waiting, "ask", email=NEW))
    second = code_in(sent_to(service, NEW)[0])
    assert "not the code" in seen(press(browser, waiting, "confirm", code=first))
    assert 303 == press(browser, waiting, "confirm", code=second).status_code


def test_a_code_is_good_for_ten_minutes_and_once(service: Service, clock: SettableClock) -> None:
    """After that the page asks for an address again."""
    browser = Browser(service)
    waiting = ask(browser)
    mail = sent_to(service, NEW)[0]
    clock.advance(299)
    open_page(browser, "/account/email")
    clock.advance(302)
    page = open_page(browser, "/account/email")
    assert "The new address" in seen(page)
    browser.follow(press(browser, waiting, "confirm", code=code_in(mail)))
    assert ("dana@example.com", True) == address_of(service)


def test_keeping_the_old_address(service: Service) -> None:
    """Nothing waits any more, and the code is dead."""
    browser = Browser(service)
    waiting = ask(browser)
    mail = sent_to(service, NEW)[0]
    assert "Contact and mails" == heading(browser.follow(press(browser, waiting, "cancel")))
    press(browser, waiting, "confirm", code=code_in(mail))
    assert ("dana@example.com", True) == address_of(service)


def test_a_wrong_code_says_so_and_nothing_about_why(service: Service) -> None:
    """The page waits on."""
    browser = Browser(service)
    waiting = ask(browser)
    sent_to(service, NEW)
    refused = press(browser, waiting, "confirm", code=WRONG_CODE)
    assert "not the code of the newest mail" in seen(refused)
    assert "Enter the code" in seen(press(browser, waiting, "confirm", code=""))
