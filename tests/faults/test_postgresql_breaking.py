"""Connections to PostgreSQL that break in the middle: resets, ended sessions, a killed server, locks (F03, F07).

Whoever asks meanwhile is served or told to come back; never an internal error, and never twice what is for once.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from idp.app import Service
from tests.support.asking import Answer, all_at_once, seconds_until, timed
from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.invariants import check_database, check_logs, secrets_of
from tests.support.postgresql import PostgresqlServer

pytestmark = pytest.mark.alone

CODES = 48
FAULTS = 6


@pytest.fixture
def proxy(own_postgresql: PostgresqlServer) -> Iterator[FaultProxy]:
    """Give a way to PostgreSQL that breaks on request."""
    with fault_proxy(own_postgresql.port) as opened:
        yield opened


@pytest.fixture
def service(own_postgresql: PostgresqlServer, proxy: FaultProxy, tmp_path: Path) -> Iterator[Service]:
    """Give an issuer with dana in it that reaches PostgreSQL through the proxy."""
    address = own_postgresql.url().replace(f":{own_postgresql.port}/", f":{proxy.port}/")
    with issuer_on(address, tmp_path) as opened:
        add_person(opened)
        yield opened


@pytest.fixture
def app(service: Service) -> App:
    """Give a public app, whose refresh tokens rotate."""
    return App.register(service, public=True)


def reset(_server: PostgresqlServer, proxy: FaultProxy) -> None:
    """Break every connection on the way."""
    proxy.reset()


def end_sessions(server: PostgresqlServer, _proxy: FaultProxy) -> None:
    """Have the server end every session of the service, as an operator may."""
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'idp'")


def kill_server(server: PostgresqlServer, _proxy: FaultProxy) -> None:
    """Kill the server, and start it again."""
    server.kill()
    server.start()


def persistently(ask: Callable[[], Any]) -> list[Answer]:
    """Ask until the answer is not "come back later"; gives all the answers."""
    answers: list[Answer] = []
    while not answers or (answers[-1].status == 503 and len(answers) < 400):
        answers.append(timed(ask))
        time.sleep(0.02)
    return answers


@pytest.mark.parametrize(("fault", "times"), [(reset, 12), (end_sessions, 8), (kill_server, 2)])
def test_broken_in_the_middle(
    *,
    own_postgresql: PostgresqlServer,
    proxy: FaultProxy,
    app: App,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[PostgresqlServer, FaultProxy], None],
    times: int,
) -> None:
    """F03: while connections break, codes and refresh tokens are good once; a lost answer may end a family, no more."""
    codes = [app.code(Browser(app.service), scope="openid offline_access") for _ in range(CODES)]
    chance = random.Random(11)

    def live(code: str) -> list[Answer]:
        answers = persistently(partial(app.exchange, code))
        for _ in range(6):
            if answers[-1].status != 200:
                break
            answers += persistently(partial(app.refresh, answers[-1].body["refresh_token"]))
        return answers

    with ThreadPoolExecutor(12) as pool:
        living = pool.map(live, codes)
        # In this thread: a server that another thread started would end with that.
        for _ in range(times):
            time.sleep(chance.uniform(0.02, 0.12))
            fault(own_postgresql, proxy)
        lives = list(living)
    answers = [answer for one in lives for answer in one]
    statuses = Counter(answer.status for answer in answers)
    assert {200, 400, 503} >= set(statuses)
    assert statuses[200] > CODES
    # Only an exchange whose answer was lost can look like a replay; a refresh gets its lost successor again.
    assert {"invalid_grant"} >= {answer.body["error"] for answer in answers if answer.status == 400}
    assert all(len([one for one in life if one.status == 400]) <= 1 for life in lives)
    seconds_until(lambda: app.service.trail.waiting == 0, most=5.0)
    check_database(app.service.database)
    check_logs([caplog.text], secrets_of([answer.body for answer in answers if answer.status == 200]))


def test_waiting_for_locks_ends(own_postgresql: PostgresqlServer, service: Service, app: App) -> None:
    """F07: statements that wait for somebody's lock are ended after two seconds, and nothing of them is kept."""
    code = app.code(Browser(service), scope="openid offline_access")
    tokens = app.tokens(Browser(service), scope="openid offline_access")
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    asks = [
        lambda: app.exchange(code),
        lambda: app.refresh(tokens["refresh_token"]),
        lambda: app.call("/revoke", {"token": tokens["refresh_token"]}),
        lambda: browser.sign_in(page),
    ]
    with psycopg.connect(own_postgresql.url()) as holder:
        holder.execute("LOCK TABLE audit_events IN SHARE MODE")
        answers = all_at_once(asks)
        assert [503] * len(asks) == [answer.status for answer in answers]
        assert 3.5 > max(answer.seconds for answer in answers)
        holder.rollback()
    assert [200, 200] == [timed(ask).status for ask in asks[:2]]
    check_database(service.database)
