"""Redis killed, flushed, slow and half open under a whole issuer (F08, F09, F10).

It costs at most a half-finished sign-in: it unlocks nobody, revives nothing, and nobody waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import redis
from werkzeug.test import TestResponse

from idp.app import Service
from idp.lockout.policy import DELAYS
from tests.support.asking import measured
from tests.support.clock import RunningClock
from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.invariants import check_database
from tests.support.valkey import ValkeyServer

pytestmark = pytest.mark.alone

ALLOWED_FAILURES = 10
LONGEST_DELAY = max(DELAYS.values())


@pytest.fixture
def proxy(private_valkey: ValkeyServer) -> Iterator[FaultProxy]:
    """Give a way to Valkey that can be made slow or silent."""
    with fault_proxy(private_valkey.port) as opened:
        yield opened


@pytest.fixture
def service(sqlite_url: str, private_valkey: ValkeyServer, proxy: FaultProxy, tmp_path: Path) -> Iterator[Service]:
    """Give an issuer with dana in it, whose journeys are in Valkey behind the proxy."""
    address = private_valkey.url().replace(f":{private_valkey.port}/", f":{proxy.port}/")
    with issuer_on(sqlite_url, tmp_path, redis_url=address, clock=RunningClock()) as opened:
        add_person(opened)
        yield opened


@pytest.fixture
def app(service: Service) -> App:
    """Give a confidential app."""
    return App.register(service)


def let_the_delay_pass(service: Service) -> None:
    """Let the next guess be looked at, however many have failed."""
    cast("RunningClock", service.clock).advance(LONGEST_DELAY)
    service.watch.poll_once()


def guess(app: App) -> TestResponse:
    """Sign in with a wrong password, in a browser of its own, and not too soon after the last."""
    let_the_delay_pass(app.service)
    browser = Browser(app.service)
    return browser.sign_in(app.ask(browser), password="not her password at all")


def signed_in_within(app: App) -> float:
    """Sign somebody in from the beginning to the tokens; gives the seconds it took."""
    started = time.monotonic()
    app.tokens(Browser(app.service))
    return time.monotonic() - started


def signed_in_after(app: App, pause: float) -> float:
    """Wait so many seconds, then sign in; gives the seconds of the sign-in."""
    time.sleep(pause)
    return signed_in_within(app)


def test_killed(private_valkey: ValkeyServer, service: Service, app: App) -> None:
    """F08: sign-ins begin and end without Redis, and failures that were counted before still count."""
    assert [200] * 9 == [guess(app).status_code for _ in range(9)]
    private_valkey.kill()
    begun = Browser(service)
    page = begun.follow(app.ask(begun))
    let_the_delay_pass(service)
    assert 1.0 > signed_in_within(app)
    # Her success took nothing back but its own guess: one more wrong one uses the budget up.
    assert [200, 429] == [guess(app).status_code, guess(app).status_code]
    private_valkey.start()
    assert 429 == begun.sign_in(page).status_code
    check_database(service.database)


def test_a_sign_in_begun_with_redis_ends_in_words(private_valkey: ValkeyServer, service: Service, app: App) -> None:
    """F08: the one thing that is lost is a half-finished sign-in, and its person reads what to do, not an error."""
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    private_valkey.kill()
    lost = browser.sign_in(page)
    assert 400 == lost.status_code
    assert 303 == app.finish(browser, app.ask(browser)).status_code


def test_flushed_between_guesses(private_valkey: ValkeyServer, service: Service, app: App) -> None:
    """F09: FLUSHALL between the ninth and the tenth guess gives a guesser nothing, and makes no replay possible."""
    spent = app.code(Browser(service))
    assert 200 == app.exchange(spent).status_code
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    assert [200] * 9 == [guess(app).status_code for _ in range(ALLOWED_FAILURES - 1)]
    with redis.Redis.from_url(private_valkey.url()) as client:
        client.flushall()
    assert [200, 429] == [guess(app).status_code, guess(app).status_code]
    assert "invalid_grant" == app.exchange(spent).get_json()["error"]
    # The journey that was under way is gone, with its form; it does not come back with an old page.
    assert 400 == browser.sign_in(page).status_code
    check_database(service.database)


def test_slow(proxy: FaultProxy, service: Service, app: App) -> None:
    """F10: a Redis that answers after two seconds is given up after 50 ms, once a second, and not waited for."""
    ordinary = signed_in_within(app)
    proxy.delay = 2.0
    slow = max(signed_in_after(app, seconds) for seconds in (0, 0, 1.1, 0))
    measured("F10: sign-in, ordinary", ordinary)
    measured("F10: sign-in, Redis 2 s slow", slow)
    assert 0.5 > slow
    check_database(service.database)


def test_half_open(proxy: FaultProxy, service: Service, app: App) -> None:
    """F10: connections that were good become silent; whoever uses them is answered all the same, then and after."""
    signed_in_within(app)
    assert 0 < proxy.connections
    proxy.silent = True
    silent = max(signed_in_after(app, seconds) for seconds in (0, 0, 1.1, 0))
    measured("F10: sign-in, Redis half open", silent)
    assert 0.5 > silent
    proxy.silent = False
    proxy.reset()
    time.sleep(1.1)
    assert 0.5 > max(signed_in_within(app) for _ in range(4))
    check_database(service.database)
