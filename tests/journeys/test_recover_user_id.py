"""People who have forgotten their user ID get it at the address that is known to be theirs, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.accounts.disable import disable_account
from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.racing import at_once
from tests.support.recovery import ask, code_in, deliver, heading


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with a family that shares an address, and dana who has one of her own."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        for user_id in ("wilma.stone", "fred.stone"):
            add_person(running, user_id, email="stones@example.com")
        yield running


def test_one_account_at_the_address(service: Service) -> None:
    """The mail gives the user ID; there is no code, since there is nothing left to prove."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "Dana@Example.com", choice="user_id"))
    assert "Check your mail" == heading(page)
    mail = deliver(service)[0]
    assert ("Your user ID", "dana@example.com") == (mail.subject, mail.recipient)
    assert "\ndana\n" in mail.text


@pytest.mark.parametrize("choice", ["user_id", "password"])
def test_several_accounts_at_the_address(service: Service, choice: str) -> None:
    """The mail masks them; who types its code sees them all. Asking for a password with the address leads there too."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "stones@example.com", choice=choice))
    mail = deliver(service)[0]
    assert "w••••e" in mail.text
    assert "wilma" not in mail.text + mail.html
    shown = browser.follow(browser.submit(page, {"code": code_in(mail)}))
    assert "Your user IDs" == heading(shown)
    assert {"wilma.stone", "fred.stone"} <= set(shown.text.replace("<", ">").split(">"))


def test_the_code_for_user_ids_opens_no_password(service: Service) -> None:
    """T09: what was mailed for one purpose is good for no other."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "stones@example.com", choice="user_id"))
    proved = browser.submit(page, {"code": code_in(deliver(service)[0])})
    assert "/recover/user-ids?" in proved.headers["Location"]
    other = browser.get(proved.headers["Location"].replace("/recover/user-ids", "/reset-password"))
    assert (400, "This way back has ended") == (other.status_code, heading(other))


def test_one_mail_in_two_minutes(service: Service, clock: SettableClock) -> None:
    """Whoever asks again at once gets the same page, and no second mail; later, one more."""
    for asked in range(3):
        assert 303 == ask(Browser(service), "dana@example.com", choice="user_id").status_code, asked
    assert 1 == len(deliver(service))
    clock.advance(121)
    ask(Browser(service), "dana@example.com", choice="user_id")
    assert 2 == len(deliver(service))


@pytest.mark.parametrize(
    ("typed", "words"), [("", "Enter your user ID or your e-mail address."), ("dana", "enter the e-mail address")]
)
def test_what_cannot_be_an_address_is_asked_for_again(service: Service, typed: str, words: str) -> None:
    """The words speak of what was typed, not of who exists; the choice and the text are kept."""
    page = ask(Browser(service), typed, choice="user_id")
    assert words in page.text
    assert 'value="user_id" checked' in page.text


def test_only_accounts_to_which_the_address_is_known_to_belong(service: Service, clock: SettableClock) -> None:
    """Unconfirmed and disabled ones are neither named nor counted: with one left, the mail gives that one's."""
    add_person(service, "unproved", email="dana@example.com", email_verified=False)
    stopped = add_person(service, "stopped", email="dana@example.com")
    with service.database.writing() as connection:
        disable_account(connection, account_id=stopped, now=clock())
    ask(Browser(service), "dana@example.com", choice="user_id")
    mail = deliver(service)[0]
    assert "\ndana\n" in mail.text
    assert "pped" not in mail.text + mail.html


def test_many_who_ask_at_once_cause_one_mail(service: Service) -> None:
    """The window is the mailbox's, whichever spelling was typed, and holds against a race."""
    spellings = iter(["stones@example.com", "STONES@example.com", "Stones@Example.com", "stones@EXAMPLE.com"])
    browsers = [(Browser(service), spelling) for spelling in spellings]
    waiting = iter([(browser, spelling, browser.get("/recover")) for browser, spelling in browsers])

    def send() -> int:
        browser, spelling, page = next(waiting)
        return ask(browser, spelling, choice="user_id", page=page).status_code

    assert [303] * 4 == at_once(4, send)
    assert 1 == len(deliver(service))
