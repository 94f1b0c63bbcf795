"""Request workers killed with SIGKILL, at random and inside transactions, under a real `idp serve` (F01, F02)."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import psutil
import psycopg
import pytest

from idp.app import Service
from tests.support.asking import measured, seconds_until
from tests.support.in_process import App, Browser
from tests.support.invariants import check_database, check_keys, check_logs, check_refused, secrets_of
from tests.support.over_http import (
    BROKEN,
    Heard,
    ask,
    call,
    code_form,
    furnished_app,
    meanwhile,
    node_beside,
    refresh_form,
    submit,
)
from tests.support.processes import start
from tests.support.served import IDP, ROOT, ServedIssuer, served_issuer

pytestmark = [pytest.mark.alone, pytest.mark.slow]

KILLS = 4
WORKERS = 2


class Place(NamedTuple):
    """A served issuer, a node beside it in this process, and an app that knows both."""

    issuer: ServedIssuer
    node: Service
    app: App
    url: str


@pytest.fixture(scope="module")
def place(new_postgresql_url: Callable[[], str]) -> Iterator[Place]:
    """Serve an issuer with two request workers on PostgreSQL."""
    url = new_postgresql_url()
    with served_issuer(url, workers=WORKERS) as issuer, node_beside(issuer) as node:
        yield Place(issuer, node, furnished_app(issuer, node), url)


@pytest.fixture(autouse=True)
def whole(place: Place) -> Iterator[None]:
    """Begin with all workers; at the end nothing is broken, and no log has a secret."""
    seconds_until(lambda: len(place.issuer.workers()) == WORKERS, most=15.0)
    yield
    check_database(place.node.database)
    check_logs([place.issuer.log()], [place.issuer.client_secret, place.issuer.password])


def killing(place: Place, dead: list[float]) -> Callable[[threading.Event], None]:
    """Make what kills a worker at random moments, and notes when."""
    chance = random.Random(7)

    def kill(over: threading.Event) -> None:
        for _ in range(KILLS):
            if over.wait(chance.uniform(0.2, 0.9)):
                return
            alive = place.issuer.workers()
            if len(alive) == WORKERS:
                with suppress(psutil.NoSuchProcess):
                    chance.choice(alive).kill()
                    dead.append(time.monotonic())

    return kill


def persist(act: Callable[[], Heard], *, most: float = 5.0) -> Heard:
    """Ask again while connections break, as a client does."""
    until = time.monotonic() + most
    while (heard := act()).status == BROKEN and time.monotonic() < until:
        time.sleep(0.01)
    return heard


def test_killed_during_exchanges(place: Place) -> None:
    """F01: of four requests for each code at most one gets tokens, and a replayed code's tokens are void."""
    codes = [place.app.code(Browser(place.node), scope="openid offline_access") for _ in range(60)]
    heard: dict[str, list[Heard]] = {code: [] for code in codes}
    dead: list[float] = []
    with meanwhile(killing(place, dead)), ThreadPoolExecutor(16) as pool:
        while codes_left(dead, codes):
            some = [codes.pop() for _ in range(min(4, len(codes)))]
            asked = [
                (code, pool.submit(call, place.issuer, place.app, code_form(place.app, code))) for code in some * 4
            ]
            for code, future in asked:
                heard[code].append(future.result())
            time.sleep(0.2)
    answers = Counter(one.status for several in heard.values() for one in several)
    assert {200, 400, BROKEN} >= set(answers)
    assert answers[200] > 0 < len(dead)
    wins = [[one.body for one in several if one.status == 200] for several in heard.values()]
    assert {0, 1} >= {len(won) for won in wins}
    check_keys(ask(place.issuer, "/jwks").body, [won[0] for won in wins if won])
    check_logs([place.issuer.log()], secrets_of([won[0] for won in wins if won]))
    place.node.watch.poll_once()
    for several, won in zip(heard.values(), wins, strict=True):
        if won and 400 in {one.status for one in several}:
            check_refused(place.app, won[0])


def codes_left(dead: list[float], codes: list[str]) -> bool:
    """Whether to go on: until the kills are done or the codes are."""
    return bool(codes) and len(dead) < KILLS


def test_killed_during_refreshes(place: Place) -> None:
    """F01: a public client that asks again after a broken connection never loses its family, which never forks."""
    app = App.register(place.node, "portal", public=True)
    browser = Browser(place.node)
    chains = [app.tokens(browser, scope="openid offline_access")["refresh_token"] for _ in range(8)]
    time.sleep(1.0)
    dead: list[float] = []
    with ThreadPoolExecutor(8) as pool, meanwhile(killing(place, dead)):
        ends = list(pool.map(lambda token: refresh_on_and_on(place, app, token, dead), chains))
    assert len(dead) > 0
    measured("F01: refreshes between the kills", sum(count for _, count in ends), "")
    assert sum(count for _, count in ends) > 100
    for token, _ in ends:
        assert 200 == app.refresh(token).status_code


def refresh_on_and_on(place: Place, app: App, token: str, dead: list[float]) -> tuple[str, int]:
    """Refresh until all the kills are done; gives the last token, and how many there were."""
    count = 0
    until = time.monotonic() + 8
    while len(dead) < KILLS and time.monotonic() < until:
        heard = persist(partial(call, place.issuer, app, refresh_form(token)))
        assert 200 == heard.status, heard.body
        token = heard.body["refresh_token"]
        count += 1
    return token, count


def test_others_serve_and_the_dead_one_is_replaced(place: Place) -> None:
    """F01: after a kill every patient request is served, and both workers are back within five seconds."""
    waits, recoveries = [], []
    for _ in range(2):
        victim = place.issuer.workers()[0]
        victim.kill()
        killed = time.monotonic()
        for _ in range(20):
            began = time.monotonic()
            assert 200 == persist(lambda: ask(place.issuer, "/jwks")).status
            waits.append(time.monotonic() - began)
        seconds_until(lambda: len(place.issuer.workers()) == WORKERS, most=5.0)
        recoveries.append(time.monotonic() - killed)
    measured("F01: longest wait of a patient request", max(waits))
    measured("F01: both workers back", max(recoveries))
    assert 5.0 > max(recoveries)
    seconds_until(lambda: {ask(place.issuer, "/readyz").status for _ in range(8)} == {200}, most=5.0)


ACTS = {
    "exchange": lambda place, ready: call(place.issuer, place.app, code_form(place.app, ready["code"])),
    "refresh": lambda place, ready: call(place.issuer, place.app, refresh_form(ready["refresh_token"])),
    "revoke": lambda place, ready: call(place.issuer, place.app, {"token": ready["refresh_token"]}, "/revoke"),
    "sign-in": lambda place, ready: submit(
        place.issuer, ready["browser"], ready["page"], {"user_id": "dana", "password": place.issuer.password}
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_killed_inside_a_transaction(place: Place, act: str) -> None:
    """F02: a worker that dies with its transaction open leaves nothing of it; the same request then succeeds, once."""
    browser = Browser(place.node)
    ready = {
        "code": place.app.code(Browser(place.node), scope="openid offline_access"),
        **place.app.tokens(Browser(place.node), scope="openid offline_access"),
        "browser": browser,
        "page": browser.follow(place.app.ask(browser)),
    }
    before = rows(place)
    with psycopg.connect(place.url) as holder, ThreadPoolExecutor(1) as pool:
        # Every act writes its event in its transaction: there it waits for this lock, and there it dies.
        holder.execute("LOCK TABLE audit_events IN SHARE MODE")
        asked = pool.submit(ACTS[act], place, ready)
        seconds_until(lambda: bool(waiting(place)), most=2.0, every=0.01)
        for port in waiting(place):
            worker_of(place, port).kill()
        assert BROKEN == asked.result().status
        holder.rollback()
    seconds_until(lambda: not busy(place), most=5.0)
    after = rows(place)
    # Of a sign-in the first transaction stands: the guess was counted before it was checked.
    assert {"guess_counters": 1} if act == "sign-in" else {} == changed(before, after)
    check_database(place.node.database)
    again = persist(lambda: ACTS[act](place, ready))
    assert {"sign-in": {303, 400}}.get(act, {200}) >= {again.status}


def test_killed_inside_a_rotation(place: Place) -> None:
    """F02: a rotation of keys that dies in its transaction changes nothing; the next one is carried out."""
    keys = active_keys(place)
    with psycopg.connect(place.url) as holder:
        holder.execute("LOCK TABLE audit_events IN SHARE MODE")
        rotation = start(
            [*IDP, "keys", "rotate", "ES256", "--yes"],
            folder=ROOT,
            log=place.issuer.folder / "rotation",
            environment=place.issuer.environment,
        )
        seconds_until(lambda: bool(waiting(place)), most=15.0)
        rotation.kill()
        rotation.wait()
        holder.rollback()
    seconds_until(lambda: not busy(place), most=5.0)
    assert keys == active_keys(place)
    done = place.issuer.run("keys", "rotate", "ES256", "--yes")
    assert 0 == done.returncode, done.stderr
    assert keys != active_keys(place)
    check_database(place.node.database)
    seconds_until(lambda: {ask(place.issuer, "/readyz").status for _ in range(4)} == {200}, most=5.0)
    form = {"grant_type": "client_credentials"}
    tokens = [persist(partial(call, place.issuer, place.app, form)).body for _ in range(8)]
    check_keys(ask(place.issuer, "/jwks").body, tokens)


def active_keys(place: Place) -> set[str]:
    """Give the kids of the keys that sign."""
    with psycopg.connect(place.url) as connection:
        question = "SELECT kid FROM keys WHERE state = 'active' AND purpose = 'tokens'"
        return {str(row[0]) for row in connection.execute(question)}


TABLES = ("sessions", "grants", "authorization_codes", "refresh_tokens", "audit_events", "marks", "guess_counters")


def rows(place: Place) -> dict[str, int]:
    """Count the rows of everything, spent codes and ended grants apart."""
    with psycopg.connect(place.url) as connection:
        counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone() for name in TABLES}  # noqa: S608
        counts["spent"] = connection.execute(
            "SELECT count(*) FROM authorization_codes WHERE used_at IS NOT NULL"
        ).fetchone()
        counts["ended"] = connection.execute("SELECT count(*) FROM grants WHERE ended_at IS NOT NULL").fetchone()
    return {name: row[0] for name, row in counts.items() if row is not None}


def changed(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Say what is more than before."""
    return {name: after[name] - before[name] for name in before if after[name] != before[name]}


def waiting(place: Place) -> list[int]:
    """Give the client ports of the service's connections that wait for a lock."""
    return _ports(place, "wait_event_type = 'Lock'")


def busy(place: Place) -> list[int]:
    """Give the client ports of the service's connections that are in a transaction."""
    return _ports(place, "state <> 'idle'")


def _ports(place: Place, condition: str) -> list[int]:
    question = (
        "SELECT client_port FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'idp' AND "
    )
    with psycopg.connect(place.url) as connection:
        return [int(row[0]) for row in connection.execute((question + condition).encode())]


def worker_of(place: Place, port: int) -> psutil.Process:
    """Give the request worker whose connection to the database has this port."""
    return next(
        worker
        for worker in place.issuer.workers()
        if port in {connection.laddr.port for connection in worker.net_connections("tcp")}
    )
