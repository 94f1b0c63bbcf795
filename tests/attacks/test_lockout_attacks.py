"""Ways around the budgets of guesses: races, spellings, nodes, others' successes, borrowed work (T35-T44, T96)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from idp.app import Service
from idp.audit.models import EVENTS
from idp.lockout.models import COUNTERS, KNOWN
from idp.lockout.origin import origin_of
from idp.lockout.places import HOUR, LIMITS
from idp.lockout.policy import GuessKind
from idp.lockout.work import GUESSES, WAIT_SECONDS, find_answer
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.nodes import at, hidden_fields, nodes_on, twin_of
from tests.support.racing import at_once

WRONG = "not the password at all"
OFFICE = "198.51.100.20"
BEGIN = 1_800_014_400.0


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock at the beginning of an hour."""
    return SettableClock(BEGIN)


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with Dana in it, on SQLite and on PostgreSQL."""
    with issuer_on(database_url, tmp_path, clock=clock) as running:
        add_person(running)
        yield running


@pytest.fixture
def app(service: Service) -> App:
    """Give an app to sign in to."""
    return App.register(service)


def pass_by(service: Service, clock: SettableClock, seconds: float = 8.0) -> None:
    """Let time pass; by itself as long as any guess has to wait."""
    clock.advance(seconds)
    service.watch.poll_once()


def guess(app: App, typed: str = "dana", password: str = WRONG, *, address: str = "203.0.113.1") -> TestResponse:
    """Try a password in a browser that nobody knows."""
    browser = Browser(app.service, address=address)
    return browser.sign_in(app.ask(browser), typed, password)


def counters(service: Service) -> dict[str, int]:
    """Read how many failures each key has."""
    with service.database.reading() as connection:
        return {row.key: row.failures for row in connection.execute(select(COUNTERS.c.key, COUNTERS.c.failures))}


def make_busy(service: Service, address: str, failures: int = LIMITS[GuessKind.ADDRESS].work) -> None:
    """Let so many pairs have failed at an address in this hour."""
    lookup = service.secrets.mac_key("lookup")
    origin = origin_of(lookup, identifier="x", address=address, device_digest=None, now=service.clock())
    row = {
        "key": origin.address_key,
        "kind": GuessKind.ADDRESS.value,
        "window_started": origin.hour,
        "failures": failures,
        "consecutive": 0,
    }
    with service.database.writing() as connection:
        connection.execute(insert(COUNTERS).values(row))


def test_two_hundred_parallel_passwords_stay_in_the_budget(app: App, service: Service, clock: SettableClock) -> None:
    """T36: at most ten are looked at, whatever comes at once; here the six that need not wait, and then four more."""
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    form = hidden_fields(page) | {"user_id": "dana", "password": WRONG}
    numbers = count()

    def guesses() -> list[int]:
        twin = twin_of(browser, service)
        return [
            twin.post(page.request.full_path, form, environ={"REMOTE_ADDR": f"203.0.113.{next(numbers)}"}).status_code
            for _ in range(25)
        ]

    statuses = [status for each in at_once(8, guesses) for status in each]
    assert (200, 6) == (len(statuses), statuses.count(200))
    later = []
    for _ in range(8):
        pass_by(service, clock)
        later.append(guess(app).status_code)
    assert [200] * 4 + [429] * 4 == later
    assert 429 == guess(app, password=PASSWORD).status_code


@pytest.mark.parametrize(
    "spellings",
    [("dana", "DANA", " dana ", "dana@example.com", "Dana@Example.COM", "\N{FULLWIDTH LATIN SMALL LETTER D}ana")],
)
def test_spellings_share_one_budget(app: App, service: Service, clock: SettableClock, spellings: list[str]) -> None:
    """T39: case, spaces, the address, other forms of the letters: one account, one counter."""
    for number in range(10):
        pass_by(service, clock)
        assert 200 == guess(app, spellings[number % len(spellings)]).status_code
    pass_by(service, clock)
    for spelling in spellings:
        assert 429 == guess(app, spelling, PASSWORD).status_code
    assert 1 == len([key for key in counters(service) if key.startswith(("account", "typed"))])


def test_a_name_that_nobody_has_locks_alike(app: App, service: Service, clock: SettableClock) -> None:
    """T35: the same statuses, waits and words, guess for guess, up to the hard stop."""
    said: dict[str, list[tuple[int, str | None, str]]] = {"dana": [], "invented-by-me": []}
    for window in range(11):
        for number in range(12):
            pass_by(service, clock, 8.0 if number < 10 else 0.0)
            for typed, answers in said.items():
                page = guess(app, typed)
                words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>|[A-Z]{4}-[0-9]{4}", " ", page.text)).replace(typed, "…")
                answers.append((page.status_code, page.headers.get("Retry-After"), words))
        pass_by(service, clock, 1800.0)
        assert window < 10 or "replaced by a new one" in said["dana"][-1][2]
    assert said["dana"] == said["invented-by-me"]


def test_own_successes_reset_nothing(app: App, service: Service, clock: SettableClock) -> None:
    """T43, T44: an attacker who signs in between guesses has no more of them, at the name or at the place."""
    add_person(service, "mallory", email="mallory@example.com")
    for _ in range(10):
        pass_by(service, clock)
        assert 200 == guess(app).status_code
        assert 303 == guess(app, "mallory", PASSWORD).status_code
    pass_by(service, clock)
    assert 429 == guess(app, password=PASSWORD).status_code
    places = [failed for key, failed in counters(service).items() if key.startswith(("place", "wider"))]
    assert [1, 1] == places


def test_single_sign_on_resets_nothing(app: App, service: Service, clock: SettableClock) -> None:
    """T43: the owner's session that goes on, and is proved again in her browser, opens nothing for strangers."""
    owner = Browser(service)
    assert 303 == owner.sign_in(app.ask(owner)).status_code
    for _ in range(10):
        pass_by(service, clock)
        guess(app)
        assert "code" in app.answer(app.ask(owner))
    assert 303 == owner.sign_in(app.ask(owner, prompt="login")).status_code
    assert 429 == guess(app).status_code


def test_another_node_sees_the_lock_at_once(database_url: str, tmp_path: Path, clock: SettableClock) -> None:
    """T96: the counters are in the database alone, so that nodes share them without delay."""
    with nodes_on(database_url, tmp_path, clock=clock) as (first, second):
        add_person(first)
        app = App.register(first)
        second.parts.issuer.directory.reload()
        for number in range(10):
            clock.advance(8.0)
            for node in (first, second):
                node.watch.poll_once()
            assert 200 == guess(at(app, (first, second)[number % 2])).status_code
        assert [429, 429] == [guess(at(app, node), password=PASSWORD).status_code for node in (first, second)]


def slowed(app: App, address: str = OFFICE) -> tuple[Browser, TestResponse, str]:
    """Be asked for work; gives browser, page and the answer that it wants."""
    browser = Browser(app.service, address=address)
    page = browser.follow(browser.sign_in(app.ask(browser), "dana", WRONG))
    challenge = re.search(r'name="challenge" value="([^"]+)"', page.text)
    assert challenge is not None
    return browser, page, find_answer(challenge[1])


def test_an_answer_is_used_once(app: App, service: Service) -> None:
    """The same work pays for three guesses and not for six."""
    make_busy(service, OFFICE)
    browser, page, answer = slowed(app)
    back = browser.submit(page, {"answer": answer})
    assert 303 == back.status_code
    again = browser.submit(page, {"answer": answer}, path=page.request.full_path)
    assert (400, True) == (again.status_code, "sent twice" in again.text)
    sign_in = browser.follow(back)
    statuses = [browser.sign_in(sign_in, "dana", WRONG).status_code for _ in range(GUESSES + 1)]
    assert [200] * GUESSES + [303] == statuses


def test_waiting_is_used_once_too(app: App, service: Service, clock: SettableClock) -> None:
    """Who waits without script has three guesses for it as well."""
    make_busy(service, OFFICE)
    browser, page, _ = slowed(app)
    pass_by(service, clock, WAIT_SECONDS)
    statuses = [browser.submit(page, {"answer": ""}, path=page.request.full_path).status_code for _ in range(3)]
    assert [303, 400, 400] == statuses


def test_work_is_not_transferable(app: App, service: Service) -> None:
    """Neither to another journey nor to another network, even with the cookies of the one that did it."""
    make_busy(service, OFFICE)
    make_busy(service, "203.0.113.77")
    browser, page, answer = slowed(app)
    other, others_page, _ = slowed(app)
    challenge = hidden_fields(page)["challenge"]
    assert 400 == other.submit(others_page, {"challenge": challenge, "answer": answer}).status_code
    elsewhere = {"REMOTE_ADDR": "203.0.113.77"}
    form = hidden_fields(page) | {"answer": answer}
    assert 400 == browser.post(page.request.full_path, form, environ=elsewhere).status_code
    back = browser.submit(page, {"answer": answer})
    sign_in = browser.follow(back)
    typed = hidden_fields(sign_in) | {"user_id": "dana", "password": WRONG}
    moved = browser.post(sign_in.request.full_path, typed, environ=elsewhere)
    assert "/slow-down" in moved.headers["Location"]
    assert 200 == browser.post(sign_in.request.full_path, typed).status_code


def test_work_opens_no_account_that_rests(app: App, service: Service, clock: SettableClock) -> None:
    """It pays for being looked at by the place; the budget of the name stays what it is."""
    for _ in range(10):
        pass_by(service, clock)
        guess(app)
    pass_by(service, clock)
    make_busy(service, OFFICE)
    browser, page, answer = slowed(app)
    assert 429 == browser.sign_in(browser.submit(page, {"answer": answer})).status_code


def test_a_made_up_device_cookie_is_nobodys(app: App, service: Service, clock: SettableClock) -> None:
    """T41: inventing a cookie for each guess buys none, and each counts for the place."""
    for number in range(12):
        pass_by(service, clock)
        browser = Browser(service)
        browser.client.set_cookie("__Host-idp_device", f"{number:043}", domain="id.example.com", secure=True)
        status = browser.sign_in(app.ask(browser), "dana", WRONG).status_code
        assert (200 if number < 10 else 429) == status
    assert 12 == len([key for key in counters(service) if key.startswith("pair")])
    with service.database.reading() as connection:
        assert connection.execute(select(KNOWN)).first() is None


def test_the_device_cookie_proves_nothing(app: App, service: Service) -> None:
    """It satisfies no step of a sign-in: whoever has stolen it still needs the password."""
    owner = Browser(service)
    assert 303 == owner.sign_in(app.ask(owner)).status_code
    thief = Browser(service)
    handle = owner.cookies()["__Host-idp_device"]
    thief.client.set_cookie("__Host-idp_device", handle, domain="id.example.com", secure=True)
    assert "login_required" == app.answer(app.ask(thief, prompt="none"))["error"]
    assert 'name="password"' in thief.follow(app.ask(thief)).text


def test_stuffing_asks_every_unknown_browser_for_work(app: App, service: Service, clock: SettableClock) -> None:
    """One guess at each of many names from many addresses: no budget sees it, and yet it is noticed, without names."""
    owner = Browser(service, address="192.0.2.200")
    assert 303 == owner.sign_in(app.ask(owner)).status_code
    browser = Browser(service)
    page = browser.follow(app.ask(browser, prompt="login"))
    form = hidden_fields(page) | {"password": WRONG}
    statuses: list[int] = []
    for number in range(400):
        elsewhere = {"REMOTE_ADDR": f"203.0.{number % 50}.9"}
        fields = form | {"user_id": f"stolen{number}@example.com"}
        statuses.append(browser.post(page.request.full_path, fields, environ=elsewhere).status_code)
    noticed = statuses.index(303)
    assert 200 <= noticed < 300
    assert {303} == set(statuses[noticed:])
    owner.client.delete_cookie("__Host-idp_session", domain="id.example.com")
    assert "code" in app.answer(owner.sign_in(app.ask(owner)))
    with service.database.reading() as connection:
        told = connection.execute(select(EVENTS).where(EVENTS.c.type == "stuffing.detected")).mappings().one()
    assert (None, {}) == (told["account_id"], told["details"])
    pass_by(service, clock, HOUR)
    assert 200 == guess(app).status_code
