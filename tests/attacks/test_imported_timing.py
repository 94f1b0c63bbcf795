"""Passwords that came as slow hashes tell nobody who exists: invented names take as long (T32, decision 33)."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from idp.app import Service
from idp.passwords.credentials import set_password
from idp.passwords.imported import read_hash
from tests.support.databases import copy_sqlite
from tests.support.in_process import App, Browser, add_person, issuer_on

SAMPLES = 24
ROUNDS = 3
COST = 9
"""Of bcrypt: some 30 ms, so that leaving it out would show."""
MOST_SECONDS = 0.005


def import_people(service: Service) -> None:
    """Add people who all came with a hash of bcrypt."""
    made = import_module("passlib.hash").bcrypt.using(rounds=COST).hash("the right one, which nobody types")
    stored = service.parts.hasher.import_hash(read_hash(made))
    for number in range(ROUNDS * SAMPLES):
        account_id = add_person(service, f"someone{number:04}", password=None)
        with service.database.writing() as connection:
            set_password(connection, account_id=account_id, stored=stored, must_change=False, now=service.clock())


def difference(service: Service, app: App, round_number: int) -> float:
    """Give by how many seconds the medians of people and of invented names differ."""
    seconds: dict[str, list[float]] = {"someone": [], "nobody": []}
    for sample in range(round_number * SAMPLES, (round_number + 1) * SAMPLES):
        for at, kind in enumerate(seconds):
            browser = Browser(service, address=f"10.{at}.{sample}.1")
            page = browser.follow(app.ask(browser))
            begun = perf_counter()
            answer = browser.submit(page, {"user_id": f"{kind}{sample:04}", "password": "not the password of anyone 1"})
            seconds[kind].append(perf_counter() - begun)
            assert 200 == answer.status_code
    return abs(median(seconds["someone"]) - median(seconds["nobody"]))


@pytest.mark.alone
def test_an_imported_password_takes_no_longer_than_nobodys(tmp_path: Path) -> None:
    """Interleaved samples; a noisy machine is given another round, which a real difference outlives."""
    with issuer_on(copy_sqlite(tmp_path / "idp.sqlite"), tmp_path) as service:
        import_people(service)
        app = App.register(service)
        differences = []
        for round_number in range(ROUNDS):
            differences.append(difference(service, app, round_number))
            if differences[-1] < MOST_SECONDS:
                return
    raise AssertionError(f"the answers differ by {differences} seconds")
