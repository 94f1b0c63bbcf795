"""Too many of everything against a real `idp serve`: slow clients, wrong passwords, open files (F20, F21, F35)."""

from __future__ import annotations

import itertools
import resource
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import psutil
import pytest
from werkzeug.test import TestResponse

from idp.app import Service
from tests.support.asking import measured, seconds_until
from tests.support.databases import copy_sqlite
from tests.support.in_process import App, Browser
from tests.support.invariants import check_database, check_logs
from tests.support.over_http import BROKEN, PROXY, Heard, ask, call, furnished_app, meanwhile, node_beside, submit
from tests.support.racing import at_once
from tests.support.served import ServedIssuer, served_issuer

pytestmark = [pytest.mark.alone, pytest.mark.slow]

MACHINE_TOKEN = {"grant_type": "client_credentials"}
FILES = 64
ELSEWHERE = "127.0.0.2"
"""Where slow clients come from: a loopback address that nobody else uses."""
MB = 1024 * 1024


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedIssuer]:
    """Serve an issuer with the cost of production's password hashing, on SQLite."""
    url = copy_sqlite(tmp_path_factory.mktemp("floods") / "idp.sqlite")
    with served_issuer(url, password_hashing="owasp", trusted_proxies=PROXY) as opened:
        yield opened


@pytest.fixture
def node(issuer: ServedIssuer) -> Iterator[Service]:
    """Give a node beside it in this process."""
    with node_beside(issuer) as opened:
        yield opened
        check_database(opened.database)
    check_logs([issuer.log()], [issuer.client_secret, issuer.password])


@pytest.fixture
def app(issuer: ServedIssuer, node: Service) -> App:
    """Give the issuer's app."""
    return furnished_app(issuer, node)


def share(heard: list[Heard], part: float) -> float:
    """Give the seconds within which this share of the answers came."""
    waits = sorted(one.seconds for one in heard)
    return waits[min(len(waits) - 1, int(len(waits) * part))]


@contextmanager
def slow_clients(issuer: ServedIssuer, count: int) -> Iterator[None]:
    """Hold connections open: silent ones, ones in the middle of a header, and ones that drip a body."""
    head = f"POST /token HTTP/1.1\r\nHost: 127.0.0.1:{issuer.port}\r\n".encode()
    body = head + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\ngrant_type="
    beginnings = itertools.cycle((b"", head + b"X-Slow: ", body))
    with ExitStack() as stack:
        opened = [
            stack.enter_context(
                socket.create_connection(("127.0.0.1", issuer.port), timeout=5, source_address=(ELSEWHERE, 0))
            )
            for _ in range(count)
        ]
        for one, beginning in zip(opened, beginnings, strict=False):
            one.sendall(beginning)

        def drip(over: threading.Event) -> None:
            while not over.wait(0.5):
                for one in opened:
                    with suppress(OSError):
                        one.sendall(b"a")

        with meanwhile(drip):
            yield


def test_slow_clients_hold_nobody_up(issuer: ServedIssuer, app: App) -> None:
    """F20: beside two hundred clients that never finish their requests, sign-ins and tokens take under a second."""
    browser = Browser(app.service)
    page = browser.follow(app.ask(browser))
    with slow_clients(issuer, 200):
        time.sleep(1.0)
        heard = [ask(issuer, "/jwks") for _ in range(20)]
        tokens = [call(issuer, app, MACHINE_TOKEN) for _ in range(20)]
        signed_in = submit(issuer, browser, page, {"user_id": "dana", "password": issuer.password})
    measured("F20: keys, p95", share(heard, 0.95))
    measured("F20: machine tokens, p95", share(tokens, 0.95))
    measured("F20: sign-in", signed_in.seconds)
    assert {200} == {one.status for one in heard}
    assert {200} == {one.status for one in tokens}
    assert 303 == signed_in.status
    assert 1.0 > max(share(heard, 0.95), share(tokens, 0.95), signed_in.seconds)


def test_a_busy_app_is_not_taken_for_a_slow_one(issuer: ServedIssuer, app: App) -> None:
    """F20: the many requests of one app's address at the same time are all served."""
    answers = at_once(48, lambda: [call(issuer, app, MACHINE_TOKEN).status for _ in range(8)])
    assert {200} == {status for of_one in answers for status in of_one}


def test_wrong_passwords_from_everywhere(issuer: ServedIssuer, app: App) -> None:
    """F21: a flood of wrong passwords waits for the hashing gate or is sent away; tokens don't wait with it."""
    pages, numbers = sign_in_pages(app, 24), itertools.count()
    answers: list[Heard] = []

    def guess(over: threading.Event) -> None:
        browser, page = next(pages)
        while not over.is_set():
            number = next(numbers)
            # Never the same name or address twice: no budget of guesses ends before the hash.
            guessed = {"user_id": f"person{number}", "password": "a wrong one, as always"}
            address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            answers.append(submit(issuer, browser, page, guessed, proxied_for=address))

    memory, tokens = memory_of(issuer), []
    with meanwhile(guess, threads=24):
        time.sleep(0.5)
        until = time.monotonic() + 4
        while time.monotonic() < until:
            tokens.append(call(issuer, app, MACHINE_TOKEN))
            time.sleep(0.03)
        grown = memory_of(issuer) - memory
    statuses = Counter(one.status for one in answers)
    measured("F21: guesses answered", sum(statuses.values()), "")
    measured("F21: sent away", statuses[503], "")
    measured("F21: machine tokens, p50", share(tokens, 0.5))
    measured("F21: machine tokens, p95", share(tokens, 0.95))
    measured("F21: memory grown", grown / MB, "MB")
    assert {200} == {one.status for one in tokens}
    assert {200, 503} >= set(statuses)
    assert 0.3 > share(tokens, 0.95)
    assert 150 * MB > grown
    assert 200 == ask(issuer, "/readyz").status


def sign_in_pages(app: App, count: int) -> Iterator[tuple[Browser, TestResponse]]:
    """Begin sign-ins in that many browsers."""
    browsers = [Browser(app.service) for _ in range(count)]
    return iter([(browser, browser.follow(app.ask(browser))) for browser in browsers])


def memory_of(issuer: ServedIssuer) -> int:
    """Give the resident memory of the request workers, in bytes."""
    return sum(worker.memory_info().rss for worker in issuer.workers())


def test_out_of_files(issuer: ServedIssuer, app: App) -> None:
    """F35: a worker that may open 64 files sheds what is too much, does not die of it, and serves on afterwards."""
    worker = issuer.workers()[0]
    worker.rlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    with ExitStack() as stack:
        for _ in range(150):
            with suppress(OSError):
                stack.enter_context(socket.create_connection(("127.0.0.1", issuer.port), timeout=2))
        during = [ask(issuer, "/jwks", timeout=1.0) for _ in range(2)]
    assert {BROKEN, 200, 503} >= {one.status for one in during}
    recovery = seconds_until(lambda: call(issuer, app, MACHINE_TOKEN).status == 200, most=10.0)
    measured("F35: recovery", recovery)
    assert [worker.pid] == [one.pid for one in issuer.workers()]
    assert 200 == ask(issuer, "/readyz").status


def test_a_worker_that_begins_with_few_files(issuer: ServedIssuer, app: App) -> None:
    """F35: 64 files are enough to start with and to serve; there is no loop of crashes."""
    psutil.Process(issuer.process.pid).rlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    issuer.workers()[0].kill()
    seconds_until(lambda: ask(issuer, "/readyz").status == 200, most=15.0)
    worker = issuer.workers()[0].pid
    assert 200 == call(issuer, app, MACHINE_TOKEN).status
    time.sleep(1.0)
    assert [worker] == [one.pid for one in issuer.workers()]
