"""Clocks that jump, and nodes that disagree about the time (F13, F14, F15).

The database's clock is the one that counts: a process that is far from it neither signs nor writes, and says so.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.app import Service
from idp.lockout.policy import DELAYS
from idp.storage.skew import PRODUCTION_CLOCK
from tests.support.asking import get, measured, seconds_until, timed
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.invariants import check_database, check_refused
from tests.support.racing import at_once

DAY = 86_400.0
LONGEST_DELAY = max(DELAYS.values())
MINUTES_10 = 600.0


class DriftingClock:
    """A clock that runs like the real one, and is wrong by `wrong` seconds."""

    def __init__(self, wrong: float = 0.0) -> None:
        self.wrong = wrong

    def __call__(self) -> float:
        """Return the time, as this clock has it."""
        return time.time() + self.wrong


@pytest.fixture
def clock() -> DriftingClock:
    """Give a clock that is right, until it is told not to be."""
    return DriftingClock()


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: DriftingClock) -> Iterator[Service]:
    """Give an issuer with dana in it that minds its clock as in production."""
    with issuer_on(sqlite_url, tmp_path, clock=clock, clock_limits=PRODUCTION_CLOCK) as opened:
        add_person(opened)
        yield opened


@pytest.fixture
def app(service: Service) -> App:
    """Give a confidential app."""
    return App.register(service)


def issued_at(token: str) -> float:
    """Read when a token says that it was issued."""
    part = token.split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["iat"])


@pytest.mark.parametrize("jump", [MINUTES_10, -MINUTES_10, DAY, 40.0, -40.0])
def test_a_jump_stops_the_process_until_it_is_over(
    service: Service, app: App, clock: DriftingClock, jump: float, caplog: pytest.LogCaptureFixture
) -> None:
    """F13: from the jump on nothing is signed or written by that clock; it is not ready, and comes back whole."""
    tokens = app.tokens(Browser(service), scope="openid offline_access")
    code, browser = app.code(Browser(service)), Browser(service)
    page = browser.follow(app.ask(browser))
    clock.wrong = jump
    asks = [
        lambda: app.exchange(code),
        lambda: app.refresh(tokens["refresh_token"]),
        lambda: app.call("/token", {"grant_type": "client_credentials"}),
        lambda: app.userinfo(tokens["access_token"]),
        lambda: app.call("/introspect", {"token": tokens["access_token"]}),
        lambda: browser.sign_in(page),
    ]
    # At once, and when the watch has compared the clocks.
    assert {503} == {timed(ask).status for ask in asks[:5]}
    until_not_ready = seconds_until(lambda: "clock" in get(service, "/readyz").body, most=2.0)
    measured("F13: not ready after", until_not_ready)
    assert 503 == get(service, "/readyz").status
    assert {503} == {timed(ask).status for ask in asks[:5]}
    assert {400, 503} > {timed(asks[5]).status}
    assert 200 == get(service, "/jwks").status
    assert "this node's clock is" in caplog.text
    clock.wrong = 0.0
    seconds_until(lambda: get(service, "/readyz").status == 200, most=2.0)
    assert [200] * 5 == [timed(ask).status for ask in asks[:5]]
    check_database(service.database)


@pytest.mark.parametrize(("ahead", "status"), [(4.0, 200), (9.0, 200), (12.0, 503)])
def test_nothing_signed_comes_from_the_future(
    service: Service, app: App, clock: DriftingClock, ahead: float, status: int
) -> None:
    """F13: up to ten seconds ahead, which everybody accepts, a process signs; further ahead it does not."""
    clock.wrong = ahead
    service.watch.poll_once()
    response = app.call("/token", {"grant_type": "client_credentials"})
    assert status == response.status_code
    if status == 200:
        assert 10.0 > issued_at(response.get_json()["access_token"]) - time.time()


@pytest.mark.parametrize(("wrong", "alarms"), [(4.0, False), (6.0, True), (-6.0, True)])
def test_the_alarm(
    service: Service, clock: DriftingClock, *, wrong: float, alarms: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """F13: from five seconds on the log says so, once, and again when it is over."""
    with caplog.at_level(logging.WARNING, "idp.storage.skew"):
        clock.wrong = wrong
        for _ in range(3):
            service.watch.poll_once()
        assert alarms == ("this node's clock is" in caplog.text)
        clock.wrong = 0.0
        service.watch.poll_once()
    assert (2 if alarms else 0) == caplog.text.count("this node's clock is")


def test_what_a_jump_ended_stays_ended(sqlite_url: str, tmp_path: Path) -> None:
    """F14: where database and process jump together, sessions that ran out and grants that were ended stay so."""
    clock = SettableClock()
    with issuer_on(sqlite_url, tmp_path, clock=clock) as service:
        add_person(service)
        app, browser, other = App.register(service), Browser(service), Browser(service)
        tokens = app.tokens(browser)
        ended = app.tokens(other, scope="openid offline_access")
        app.call("/revoke", {"token": ended["refresh_token"]})
        check_refused(app, ended)
        clock.advance(DAY + 1)
        service.watch.poll_once()
        assert 'name="password"' in browser.follow(app.ask(browser)).text
        # Something ends by tomorrow's clock; nothing of today may be forgotten for it.
        app.call("/revoke", {"token": app.tokens(Browser(service), scope="openid offline_access")["refresh_token"]})
        clock.advance(-DAY)
        service.watch.poll_once()
        assert 'name="password"' in browser.follow(app.ask(browser)).text
        assert "login_required" == app.answer(app.ask(browser, prompt="none"))["error"]
        check_refused(app, ended)
        check_refused(app, tokens)
        check_database(service.database)


def test_a_jump_locks_nobody_until_it_has_come_true(database_url: str, tmp_path: Path) -> None:
    """F14: a name locked while the clock was a day ahead is not locked for a day; one locked before still is."""
    clock = SettableClock()
    with issuer_on(database_url, tmp_path, clock=clock) as service:
        for name in ("dana", "tom"):
            add_person(service, name)
        app = App.register(service)

        def status(user_id: str, password: str) -> int:
            clock.advance(LONGEST_DELAY)
            service.watch.poll_once()
            browser = Browser(service)
            return browser.sign_in(app.ask(browser), user_id, password).status_code

        assert 429 == [status("tom", "a wrong one, as always") for _ in range(11)][-1]
        clock.advance(DAY)
        assert 429 == [status("dana", "a wrong one, as always") for _ in range(11)][-1]
        clock.advance(-DAY)
        service.watch.poll_once()
        assert [303, 429] == [status("dana", PASSWORD), status("tom", PASSWORD)]


@pytest.fixture
def nodes(database_url: str, tmp_path: Path) -> Iterator[list[Service]]:
    """Give two nodes on one database, the first ahead of its clock, the second behind, half a minute apart."""
    # The keys are of yesterday, and have been everybody's for long.
    with issuer_on(database_url, tmp_path, clock=DriftingClock(-DAY)), ExitStack() as stack:
        opened = [
            stack.enter_context(
                issuer_on(database_url, tmp_path, clock=DriftingClock(wrong), keys=False, clock_limits=PRODUCTION_CLOCK)
            )
            for wrong in (8.0, -22.0)
        ]
        add_person(opened[1])
        yield opened


def test_nodes_half_a_minute_apart(nodes: list[Service]) -> None:
    """F15: what one node issued the other honours; a code is spent once; what one ended is ended at the other."""
    ahead = App.register(nodes[0])
    behind = replace(ahead, service=nodes[1])
    nodes[1].watch.poll_once()
    assert [200, 200] == [get(node, "/readyz").status for node in nodes]
    for issuing, other in ((ahead, behind), (behind, ahead)):
        code = issuing.code(Browser(issuing.service), scope="openid offline_access")
        tokens = other.exchange(code).get_json()
        assert 200 == issuing.userinfo(tokens["access_token"]).status_code
        renewed = issuing.refresh(tokens["refresh_token"]).get_json()
        assert 200 == other.userinfo(renewed["access_token"]).status_code
        other.call("/revoke", {"token": tokens["refresh_token"]})
        issuing.service.watch.poll_once()
        for app in (issuing, other):
            check_refused(app, renewed)
    check_database(nodes[0].database)


def test_single_use_across_nodes_that_disagree(nodes: list[Service]) -> None:
    """F15: sixteen exchanges of one code at two nodes half a minute apart give tokens once, and then none at all."""
    app = App.register(nodes[0])
    nodes[1].watch.poll_once()
    for number in range(3):
        code = app.code(Browser(nodes[number % 2]), scope="openid offline_access")
        turn = iter([replace(app, service=node) for node in nodes * 8])
        answers: list[Any] = at_once(16, lambda code=code, turn=turn: next(turn).exchange(code))  # type: ignore[misc]
        won = [answer.get_json() for answer in answers if answer.status_code == 200]
        assert 1 == len(won)
        assert {200, 400} == {answer.status_code for answer in answers}
        for node in nodes:
            node.watch.poll_once()
            check_refused(replace(app, service=node), won[0])
    check_database(nodes[0].database)


def test_a_node_that_is_too_far_ahead_issues_nothing(database_url: str, tmp_path: Path) -> None:
    """F15: a node started with a wrong clock is never ready, and cannot spend what the others issued."""
    right = issuer_on(database_url, tmp_path, clock_limits=PRODUCTION_CLOCK)
    wrong = issuer_on(database_url, tmp_path, clock=DriftingClock(45.0), keys=False, clock_limits=PRODUCTION_CLOCK)
    with right as good, wrong as bad:
        add_person(good)
        app = App.register(good)
        bad.watch.poll_once()
        code = app.code(Browser(good))
        assert [200, 503] == [get(good, "/readyz").status, get(bad, "/readyz").status]
        assert 503 == replace(app, service=bad).exchange(code).status_code
        assert 200 == app.exchange(code).status_code
        check_database(good.database)
