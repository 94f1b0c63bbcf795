"""How long a request for recovery takes tells nobody whether there is an account (T32)."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from idp.accounts.disable import disable_account
from idp.app import Service
from tests.support.databases import copy_sqlite
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.recovery import WRONG_CODE, ask

KINDS = ("known", "nobody", "disabled", "unproved")
SAMPLES = 48
ROUNDS = 3
MOST_SECONDS = 0.005


def populate(service: Service, count: int) -> None:
    """Add people of every kind but the one that does not exist; the names of all kinds are equally long."""
    for number in range(count):
        add_person(service, name("known", number))
        add_person(service, name("unproved", number), email_verified=False)
        disabled = add_person(service, name("disabled", number))
        with service.database.writing() as connection:
            disable_account(connection, account_id=disabled, now=service.clock())


def name(kind: str, number: int) -> str:
    """Give somebody's user ID."""
    return f"{kind:x<8}{number:04}"


def seconds(service: Service, kind: str, number: int) -> float:
    """Ask for a mail and try a code; gives how long both took."""
    browser = Browser(service, address=f"10.{number // 200}.{number % 200}.{KINDS.index(kind)}")
    page = browser.get("/recover")
    started = perf_counter()
    asked = ask(browser, name(kind, number), page=page)
    taken = perf_counter() - started
    code_page = browser.follow(asked)
    started = perf_counter()
    browser.submit(code_page, {"code": WRONG_CODE})
    return taken + perf_counter() - started


@pytest.mark.alone
def test_known_unknown_disabled_and_unproved_take_the_same_time(tmp_path: Path) -> None:
    """|difference of the medians| < 5 ms, interleaved; a noisy machine is given another round."""
    with issuer_on(copy_sqlite(tmp_path / "idp.sqlite"), tmp_path, mail_folder=tmp_path / "mail") as service:
        populate(service, SAMPLES * ROUNDS)
        spread = 1.0
        for attempt in range(ROUNDS):
            taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for number in range(attempt * SAMPLES, (attempt + 1) * SAMPLES):
                for kind in KINDS:
                    taken[kind].append(seconds(service, kind, number))
            medians = [median(each) for each in taken.values()]
            spread = max(medians) - min(medians)
            if spread < MOST_SECONDS:
                return
        pytest.fail(f"the medians are {spread * 1000:.1f} ms apart")
