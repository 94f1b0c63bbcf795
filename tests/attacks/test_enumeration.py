"""Nobody learns from an answer, or from its time, whether there is an account or a client (T31, T32, T35, T91)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import cast

import pytest
from werkzeug.test import Client, TestResponse

from idp.acts.disable_account import disable_account
from idp.app import Service
from idp.lockout.policy import DELAYS
from idp.passwords.credentials import set_password
from tests.support.clock import RunningClock
from tests.support.databases import copy_sqlite
from tests.support.in_process import ADDRESS, App, Browser, add_person, issuer_on

WRONG = "not the password of anyone 1"
KINDS = ("known", "nobody", "disabled", "without")
SAMPLES = 54
ROUNDS = 3
MOST_SECONDS = 0.005
BUDGET = 6
"""Guesses at a name that need not wait."""
LONGEST_DELAY = max(DELAYS.values())


def populate(service: Service, count: int = 1) -> None:
    """Add people of every kind but the one that does not exist; the names of all kinds are equally long."""
    stored = service.parts.hasher.hash("the right one, which nobody types")
    for number in range(count):
        add_person(service, name("without", number), password=None)
        for kind in ("known", "disabled"):
            account_id = add_person(service, name(kind, number), password=None)
            with service.database.writing() as connection:
                set_password(connection, account_id=account_id, stored=stored, must_change=False, now=service.clock())
                if kind == "disabled":
                    disable_account(
                        connection, account_id=account_id, actor="test", entropy=service.entropy, now=service.clock()
                    )


def name(kind: str, number: int = 0) -> str:
    """Give somebody's user ID."""
    return f"{kind:x<8}{number:04}"


def guess(
    service: Service, app: App, user_id: str, *, address: str = "198.51.100.7", after: float = LONGEST_DELAY
) -> TestResponse:
    """Try a wrong password, not too soon after the last one."""
    cast("RunningClock", service.clock).advance(after)
    service.watch.poll_once()
    browser = Browser(service, address=address)
    page = browser.follow(app.ask(browser))
    return browser.submit(page, {"user_id": user_id, "password": WRONG})


def masked(response: TestResponse, *secrets: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Give the answer without what is different in every answer."""
    text = response.text
    for pattern in (
        r'name="form_token" value="[^"]+"',
        r"challenge&#34;:&#34;[A-Za-z0-9_-]+",
        r"journey=[A-Za-z0-9_-]+",
        r"[A-Z]{4}-[0-9]{4}",
    ):
        text = re.sub(pattern, "…", text)
    for secret in secrets:
        text = text.replace(secret, "…")
    # How long a pause goes on is told, and different for those that began at different times.
    headers = [(key, value) for key, value in response.headers if key not in {"X-Request-Id", "Retry-After"}]
    return response.status_code, text, headers


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give an issuer whose clock can be put ahead, so that guesses need not be waited for."""
    folder = tmp_path_factory.mktemp("enumerated")
    with issuer_on(copy_sqlite(folder / "idp.sqlite"), folder, clock=RunningClock()) as running:
        yield running


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add the people and an app."""
    populate(service)
    return App.register(service)


def test_a_wrong_password_is_answered_alike_for_everyone(service: Service, app: App) -> None:
    """Known, unknown, disabled, without password: one answer, octet for octet."""
    answers = {
        str(masked(guess(service, app, name(kind), address=f"192.0.2.{at}"), name(kind)))
        for at, kind in enumerate(KINDS)
    }
    assert 1 == len(answers)


def test_a_pause_comes_at_the_same_guess_for_everyone(service: Service, app: App) -> None:
    """The counter is no oracle either: who does not exist is paused like who does."""
    statuses = {
        kind: [guess(service, app, name(kind), address=f"203.0.113.{at}").status_code for _ in range(12)]
        for at, kind in enumerate(KINDS)
    }
    assert 1 == len({tuple(each) for each in statuses.values()}), statuses
    assert 429 == statuses["nobody"][-1]


def test_the_pause_reads_alike_for_everyone(service: Service, app: App) -> None:
    """And so does the page that tells of it (the minute in it may have turned meanwhile)."""
    pages = {
        re.sub(r"[0-9]{1,2}:[0-9]{2}|<strong>[A-Z]{4}-[0-9]{4}", "…", masked(answer, name(kind))[1])
        for kind in KINDS
        for answer in [guess(service, app, name(kind))]
        if answer.status_code == 429
    }
    assert 1 == len(pages)
    assert "Signing in is paused" in pages.pop()


def test_a_login_hint_asks_nobody(service: Service, app: App) -> None:
    """The sign-in page shows what it was told and looks nothing up."""
    pages = {
        str(masked(browser.follow(app.ask(browser, login_hint=name(kind))), name(kind)))
        for kind in KINDS
        for browser in [Browser(service)]
    }
    assert 1 == len(pages)


CREDENTIALS = {
    "unknown": ("unknown-client", "whatever"),
    "wrong": ("app", "whatever"),
    "not ASCII": ("app", "pässwörd\N{SNOWMAN}"),
    "empty": ("app", ""),
    "long": ("app", "x" * 5000),
    "wrong method": ("posting", "secret-of-posting-" + "x" * 20),
    "public": ("open", "anything"),
}


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
def test_clients_are_refused_alike(service: Service, app: App, path: str) -> None:
    """Unknown, wrong, not ASCII, by the wrong method: 401 with one text, never 500 (T91)."""
    if service.parts.issuer.directory.find("posting") is None:
        App.register(service, "posting", token_endpoint_auth_method="client_secret_post")
        App.register(service, "open", public=True)
    answers = set()
    for client_id, secret in CREDENTIALS.values():
        basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        response = Client(service.front).post(
            path,
            base_url=ADDRESS,
            data={"grant_type": "client_credentials", "token": "x"},
            headers={"Authorization": f"Basic {basic}"},
        )
        answers.add((response.status_code, response.text, response.headers["WWW-Authenticate"]))
    assert 1 == len(answers)
    assert 401 == answers.pop()[0]


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Service]:
    """Give an issuer that hashes as in production."""
    database_url = copy_sqlite(tmp_path / "idp.sqlite")
    with issuer_on(database_url, tmp_path, password_hashing="owasp", clock=RunningClock()) as running:
        yield running


def assert_alike(measure: Callable[[int], dict[str, list[float]]]) -> None:
    """Compare the medians of each kind; a noisy machine is given another round, which a real difference outlives."""
    differences = []
    for number in range(ROUNDS):
        medians = [median(seconds) for seconds in measure(number).values()]
        differences.append(max(medians) - min(medians))
        if differences[-1] < MOST_SECONDS:
            return
    raise AssertionError(f"the answers differ by {differences} seconds")


@pytest.mark.alone
def test_a_wrong_password_takes_as_long_for_everyone(production: Service) -> None:
    """Interleaved samples with the real hash; the medians differ by less than 5 ms."""
    populate(production, ROUNDS * SAMPLES // BUDGET)
    app = App.register(production)

    def measure(number: int) -> dict[str, list[float]]:
        seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for sample in range(number * SAMPLES, (number + 1) * SAMPLES):
            for at, kind in enumerate(KINDS):
                browser = Browser(production, address=f"10.{at}.{sample}.1")
                page = browser.follow(app.ask(browser))
                begun = perf_counter()
                answer = browser.submit(page, {"user_id": name(kind, sample // BUDGET), "password": WRONG})
                seconds[kind].append(perf_counter() - begun)
                assert 200 == answer.status_code
        return seconds

    assert_alike(measure)


@pytest.mark.alone
def test_a_pause_takes_as_long_for_everyone(production: Service) -> None:
    """Whether there is anybody to pause does not show in the time either."""
    populate(production)
    app = App.register(production)
    for at, kind in enumerate(KINDS):
        for _ in range(10):
            guess(production, app, name(kind), address=f"10.{at}.0.1")

    def measure(number: int) -> dict[str, list[float]]:
        seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for sample in range(20):
            for at, kind in enumerate(KINDS):
                begun = perf_counter()
                answer = guess(production, app, name(kind), address=f"10.{at}.{number + 1}.{sample}", after=0.0)
                seconds[kind].append(perf_counter() - begun)
                assert 429 == answer.status_code
        return seconds

    assert_alike(measure)
