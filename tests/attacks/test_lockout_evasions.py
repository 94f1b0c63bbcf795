"""What strangers do to lockout itself: hide from the alarm, silence a notice, stay known; and what hurts the honest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from idp.acts.compromise_password import compromise_password
from idp.app import Service
from idp.lockout.attempts import ALARM_KEY
from idp.lockout.models import COUNTERS, KNOWN
from idp.lockout.origin import origin_of
from idp.lockout.places import LIMITS
from idp.lockout.policy import STOP_AFTER, GuessKind
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields
from tests.support.recovery import NEW_PASSWORD, deliver

WRONG = "not the password at all"
OFFICE = "198.51.100.20"
BEGIN = 1_800_014_400.0
DAY = 86_400.0


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock at the beginning of an hour."""
    return SettableClock(BEGIN)


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with Dana in it."""
    with issuer_on(sqlite_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


@pytest.fixture
def app(service: Service) -> App:
    """Give an app to sign in to."""
    return App.register(service)


def test_own_successes_do_not_hide_stuffing(app: App, service: Service) -> None:
    """Signing in to an account of one's own after every third stolen password changes nothing: it is one account."""
    add_person(service, "mallory")
    browser, own = Browser(service), Browser(service, address="203.0.113.200")
    page = browser.follow(app.ask(browser))
    form = hidden_fields(page) | {"password": WRONG}
    statuses: list[int] = []
    for number in range(300):
        if number % 3 == 0:
            assert 303 == own.sign_in(app.ask(own, prompt="login"), "mallory").status_code
        elsewhere = {"REMOTE_ADDR": f"203.0.{number % 50}.9"}
        fields = form | {"user_id": f"stolen{number}@example.com"}
        statuses.append(browser.post(page.request.full_path, fields, environ=elsewhere).status_code)
    assert 303 == statuses[-1]


def test_one_household_slows_nobody_else(app: App, service: Service) -> None:
    """A customer with hundreds of IPv6 networks brings no alarm about that would ask everybody for work."""
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    form = hidden_fields(page) | {"password": WRONG}
    for number in range(300):
        home = {"REMOTE_ADDR": f"2001:db8:7:{number % 50:x}::1"}
        browser.post(page.request.full_path, form | {"user_id": f"made-up-{number}"}, environ=home)
    visitor = Browser(service, address="192.0.2.7")
    assert "code" in app.answer(visitor.sign_in(app.ask(visitor)))


def test_a_stop_is_told_even_on_the_day_of_a_pause(app: App, service: Service, clock: SettableClock) -> None:
    """Ten pauses in an afternoon end in a stop that only the owner can end: the mail about the first is not enough."""
    for _ in range(STOP_AFTER // 10):
        for _ in range(10):
            clock.advance(8.0)
            browser = Browser(service, address="203.0.113.1")
            browser.sign_in(app.ask(browser), password=WRONG)
        clock.advance(1800.0)
    told = [mail.text for mail in deliver(service)]
    assert [True, False] == ["until you choose a new one" in text for text in told]


def test_an_alarm_of_a_clock_that_was_set_back_is_over(app: App, service: Service, clock: SettableClock) -> None:
    """A day that was never there must not slow everybody down until it comes."""
    row = {"key": ALARM_KEY, "kind": GuessKind.ALARM.value, "failures": 1, "consecutive": 0}
    with service.database.writing() as connection:
        connection.execute(insert(COUNTERS).values(row | {"window_started": clock() + DAY}))
    browser = Browser(service)
    assert "code" in app.answer(browser.sign_in(app.ask(browser)))


def test_a_busy_place_keeps_nobody_from_changing_a_password(app: App, service: Service) -> None:
    """Whoever is signed in has no sign-in to work for: here nothing but the person's own budget counts."""
    person = Browser(service, address=OFFICE)
    page = person.follow(person.get("/account/password"))
    signed_in = person.submit(page, {"user_id": "dana", "password": PASSWORD, "shared_device": "yes"})
    form = person.follow(signed_in)
    lookup = service.secrets.mac_key("lookup")
    origin = origin_of(lookup, identifier="x", address=OFFICE, device_digest=None, now=service.clock())
    row = {
        "key": origin.address_key,
        "kind": GuessKind.ADDRESS.value,
        "window_started": origin.hour,
        "failures": LIMITS[GuessKind.ADDRESS].work,
        "consecutive": 0,
    }
    with service.database.writing() as connection:
        connection.execute(insert(COUNTERS).values(row))
    changed = person.submit(
        form, {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "sign_out": "yes"}, path="/account/password"
    )
    assert 303 == changed.status_code


def test_a_thief_s_browser_is_not_known_any_more(app: App, service: Service) -> None:
    """Once a password is in strangers' hands, a browser that signed in with it is as new as any other."""
    thief = Browser(service)
    assert 303 == thief.sign_in(app.ask(thief)).status_code
    with service.database.writing() as connection:
        account_id = connection.execute(select(KNOWN.c.account_id)).scalar_one()
        compromise_password(
            connection,
            account_id=account_id,
            reference="TEST",
            actor="cli:test",
            entropy=service.entropy,
            now=service.clock(),
        )
    with service.database.reading() as connection:
        assert connection.execute(select(KNOWN)).first() is None
