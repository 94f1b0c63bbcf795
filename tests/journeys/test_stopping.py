"""A worker that is told to stop loses no request, however busy the machine and late the callers."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from idp.operating.draining import LEAST_SECONDS, MOST_SECONDS
from tests.support.databases import worker_number
from tests.support.meanwhile import wait_until
from tests.support.missing import Missing, skip_or_fail
from tests.support.recorded import recorded
from tests.support.served import ServedIssuer, fetch, prepared_issuer, served_issuer
from tests.support.services import service_url

CALLERS = 12
FORM = "grant_type=client_credentials"

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def issuer(
    request: pytest.FixtureRequest, new_postgresql_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedIssuer]:
    """Prepare an issuer for all tests of a kind: embedded with one worker, or on PostgreSQL and Valkey with two."""
    if request.param == "sqlite":
        url, redis_url, workers = f"sqlite:///{tmp_path_factory.mktemp('served')}/idp.sqlite", None, 1
    else:
        url, redis_url, workers = new_postgresql_url(), valkey(), 2
    with prepared_issuer(url, redis_url, workers=workers) as prepared:
        yield prepared


def valkey() -> str:
    """Give a part of the session's Valkey that no other test empties."""
    try:
        return f"{service_url('valkey').removesuffix('/0')}/{48 + worker_number()}"
    except Missing as error:
        skip_or_fail(error)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[ServedIssuer]:
    """Serve an issuer on SQLite."""
    with served_issuer(f"sqlite:///{tmp_path}/idp.sqlite") as served:
        yield served


@pytest.mark.parametrize("everyone", [False, True], ids=["the parent is told", "all processes are told"])
def test_a_stop_under_load_loses_no_request(issuer: ServedIssuer, *, everyone: bool) -> None:
    """SIGTERM while apps ask for tokens through a balancer: each request is answered, each token is in the trail."""
    issuer.start()
    answers: Counter[str] = Counter()
    before = recorded(issuer, "token.issued")
    callers = [threading.Thread(target=ask_while_ready, args=(issuer, answers)) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    wait_until(lambda: CALLERS < answers["200"])

    if everyone:
        os.killpg(issuer.process.pid, signal.SIGTERM)
    code = issuer.stop()
    for caller in callers:
        caller.join()

    assert 0 == code
    assert {"200"} == set(answers)
    assert CALLERS < answers["200"]
    assert answers["200"] == recorded(issuer, "token.issued") - before


def test_the_request_in_flight_is_answered(embedded: ServedIssuer) -> None:
    """A request that is being worked on at SIGTERM is answered, also one that outlasts the drain."""
    with closing(http.client.HTTPConnection("127.0.0.1", embedded.port, timeout=10)) as connection:
        connection.putrequest("POST", "/token")
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Authorization", basic(embedded))
        connection.putheader("Content-Length", str(len(FORM)))
        connection.endheaders()
        embedded.process.send_signal(signal.SIGTERM)
        time.sleep(1.5)
        connection.send(FORM.encode())

        assert 200 == connection.getresponse().status
    assert 0 == embedded.process.wait(30)


def test_not_ready_while_stopping(embedded: ServedIssuer) -> None:
    """From SIGTERM on, /readyz says 503, so that a balancer sends nobody here any more."""
    embedded.process.send_signal(signal.SIGTERM)

    wait_until(lambda: (503, "stopping\n") == fetch(f"{embedded.address}/readyz"))
    assert 200 == fetch(f"{embedded.address}/livez")[0]
    assert 0 == embedded.process.wait(30)


def test_late_callers_are_waited_for(embedded: ServedIssuer) -> None:
    """Each caller within half a second of the last is answered, until some seconds are over; then the worker stops."""
    began = time.monotonic()
    embedded.process.send_signal(signal.SIGTERM)
    answered = 0.0
    while ask(embedded):
        answered = time.monotonic() - began
        time.sleep(0.2)

    assert 0 == embedded.process.wait(30)
    assert 2 * LEAST_SECONDS < answered < MOST_SECONDS + 1.0


def test_nobody_to_wait_for(embedded: ServedIssuer) -> None:
    """Who only asks whether the worker is ready does not hold it up."""
    began = time.monotonic()
    embedded.process.send_signal(signal.SIGTERM)
    while is_told_to_stop(embedded):
        time.sleep(0.2)

    assert time.monotonic() - began < 2.5 * LEAST_SECONDS


def ask(issuer: ServedIssuer) -> bool:
    """Whether the service answers a caller that comes now."""
    try:
        return fetch(f"{issuer.address}/jwks")[0] == 200
    except OSError:
        return False


def is_told_to_stop(issuer: ServedIssuer) -> bool:
    """Whether the service still says that it stops, or has not heard of it yet."""
    try:
        return fetch(f"{issuer.address}/readyz")[0] in {200, 503}
    except OSError:
        return False


def basic(issuer: ServedIssuer) -> str:
    """Give the app's Authorization header."""
    return "Basic " + base64.b64encode(f"{issuer.client_id}:{issuer.client_secret}".encode()).decode()


def ask_while_ready(issuer: ServedIssuer, answers: Counter[str]) -> None:
    """Ask for tokens over kept connections, as a balancer does: opening new ones only while /readyz says so."""
    headers = {"Authorization": basic(issuer), "Content-Type": "application/x-www-form-urlencoded"}
    ready = True
    while ready:
        with closing(http.client.HTTPConnection("127.0.0.1", issuer.port, timeout=10)) as connection:
            answers.update(ask_while_open(connection, headers))
        ready = is_ready(issuer)


def is_ready(issuer: ServedIssuer) -> bool:
    """Ask /readyz on a connection of its own."""
    try:
        return fetch(f"{issuer.address}/readyz")[0] == 200
    except OSError:
        return False


def ask_while_open(connection: http.client.HTTPConnection, headers: dict[str, str]) -> Iterator[str]:
    """Ask over one connection until the server says that it closes it; gives statuses, or what went wrong."""
    while True:
        try:
            connection.request("POST", "/token", FORM, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            yield repr(error)
            return
        yield str(answer.status)
        if answer.getheader("Connection") == "close":
            return
