"""A flood of sign-ins in new browsers is no flood of mail and hides none: the first are told, then one mail an hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idp.acts.new_device import AT_ONCE
from idp.app import Service
from idp.delivery.outbox import backlog
from tests.support.account_pages import open_page
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.recovery import deliver, heading

ONE, MANY = "New sign-in to your account", "More new sign-ins to your account"
HOUR = 3600.0


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer on SQLite, see `begun`."""
    yield from begun(sqlite_url, tmp_path, clock)


@pytest.fixture
def on_postgresql(postgresql_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer on PostgreSQL, see `begun`."""
    yield from begun(postgresql_url, tmp_path, clock)


def begun(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer whose mail lands in a folder; dana has signed in once, at the beginning of an hour."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        clock.advance(HOUR - clock() % HOUR)
        add_person(running)
        App.register(running)
        home(running)
        yield running


def home(service: Service, number: int = 1) -> None:
    """Sign in for the account page, whose session is written statement by statement."""
    assert "Your account" == heading(open_page(Browser(service, address=f"203.0.113.{number}"), "/account"))


def app(service: Service, number: int = 1) -> None:
    """Sign in to an app, whose session is written in one statement together with its code."""
    App(service=service).code(Browser(service, address=f"203.0.113.{number}"))


def shared(service: Service, number: int = 1) -> None:
    """Sign in in a browser that is called a shared one, and so is never known."""
    browser = Browser(service, address=f"203.0.113.{number}")
    page = browser.follow(browser.get("/account"))
    fields = {"user_id": "dana", "password": PASSWORD, "shared_device": "yes"}
    assert "Your account" == heading(browser.follow(browser.submit(page, fields)))


def subjects(service: Service) -> list[str]:
    """Deliver what is due, and give what has come so far, oldest first."""
    return [mail.subject for mail in reversed(deliver(service))]


@pytest.mark.parametrize("sign_in", [home, app, shared])
def test_the_first_are_told_at_once_and_the_rest_together(
    service: Service, clock: SettableClock, sign_in: Callable[[Service, int], None]
) -> None:
    """The first browser of all is no news; whatever is not told by itself is in the summary of its hour."""
    assert_told(service, clock, sign_in)


@pytest.mark.parametrize("sign_in", [home, app])
def test_so_it_is_on_postgresql(
    on_postgresql: Service, clock: SettableClock, sign_in: Callable[[Service, int], None]
) -> None:
    """Both where the session is written by itself and where its code is written with it."""
    assert_told(on_postgresql, clock, sign_in)


def assert_told(service: Service, clock: SettableClock, sign_in: Callable[[Service, int], None]) -> None:
    """Check the mails of a flood: the first alone, the others together, nothing twice."""
    alone = AT_ONCE if sign_in is shared else AT_ONCE - 1
    for number in range(alone):
        clock.advance(2)
        sign_in(service, number)
        assert [ONE] * (number + 1) == subjects(service)
    for number in range(3):
        clock.advance(20)
        sign_in(service, 100 + number)
    assert [ONE] * alone == subjects(service)
    clock.advance(HOUR + 60 - clock() % HOUR)
    assert [*[ONE] * alone, MANY] == subjects(service)
    told = deliver(service)[0]
    for words in ("203.0.113.100", "/lock-down?token=", "/account/activity", "user ID dana"):
        assert words in told.text
    assert [*[ONE] * alone, MANY] == subjects(service)


def test_every_hour_of_a_flood_has_its_summary(service: Service, clock: SettableClock) -> None:
    """Also one whose summary has gone already: a thief who comes after the noise is told of like the noise."""
    for number in range(AT_ONCE + 1):
        clock.advance(2)
        home(service, number)
    clock.advance(HOUR + 60)
    assert 1 == subjects(service).count(MANY)
    app(service, 66)
    clock.advance(HOUR + 60)
    assert 2 == subjects(service).count(MANY)
    assert "203.0.113.66" in deliver(service)[0].text


def test_the_next_day_begins_anew(service: Service, clock: SettableClock) -> None:
    """A day after the flood the next new browser is told of at once."""
    for number in range(AT_ONCE + 1):
        clock.advance(2)
        home(service, number)
    clock.advance(25 * HOUR)
    before = subjects(service)
    app(service, 66)
    assert [*before, ONE] == subjects(service)


def test_one_persons_flood_is_not_anothers(service: Service, clock: SettableClock) -> None:
    """Erin's first new browser is told of while dana's are collected."""
    add_person(service, "erin")
    for number in range(AT_ONCE + 1):
        clock.advance(2)
        home(service, number)
    for number in range(2):
        App(service=service).code(Browser(service, address=f"203.0.113.2{number}"), user_id="erin")
    assert [ONE] == [mail.subject for mail in deliver(service) if mail.recipient == "erin@example.com"]


def test_a_summary_waiting_for_its_hour_is_no_backlog(service: Service, clock: SettableClock) -> None:
    """F16: five minutes of waiting would be an alarm."""
    for number in range(AT_ONCE + 1):
        clock.advance(2)
        home(service, number)
    deliver(service)
    clock.advance(50 * 60)
    with service.database.reading() as connection:
        standing = backlog(connection, now=clock())
    assert (1, 0.0) == (standing.waiting, standing.oldest_seconds)


def test_those_who_want_no_such_mail_get_no_summary(service: Service, clock: SettableClock) -> None:
    """The switch on the account page is for both."""
    for number in range(AT_ONCE + 1):
        clock.advance(2)
        home(service, number)
    browser = Browser(service)
    browser.submit(open_page(browser, "/account/details"), {"language": "en", "phrase": ""})
    clock.advance(2 * HOUR)
    assert [] == subjects(service)
