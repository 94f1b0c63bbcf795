"""The pages of a recovery in every other order than the one they come in: no new password without what was mailed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from idp.accounts.disable import disable_account
from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields, twin_of
from tests.support.recovery import (
    ENDED,
    NEW_PASSWORD,
    WRONG_CODE,
    ask,
    heading,
    prove,
)


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


def test_a_pass_changes_the_password_once(service: Service) -> None:
    """The page cannot be sent a second time, with whatever password."""
    browser = Browser(service)
    page = prove(service, browser)
    twin = twin_of(browser, service)
    assert 303 == browser.submit(page, {"new_password": NEW_PASSWORD}).status_code
    again = twin.submit(page, {"new_password": "a thief would like this"}, path=page.request.full_path)
    assert (400, ENDED) == (again.status_code, heading(again))


@pytest.mark.parametrize("path", ["/recover/code", "/recover/user-ids", "/reset-password"])
def test_a_recovery_is_the_browsers_that_asked(service: Service, path: str) -> None:
    """Knowing the number of somebody's recovery opens none of its pages."""
    owner = Browser(service)
    recovery = ask(owner, "dana").headers["Location"].partition("recovery=")[2].partition("&")[0]
    thief = Browser(service)
    thief.get("/account")
    assert 400 == thief.get(f"{path}?recovery={recovery}").status_code
    assert thief.post(f"{path}?recovery={recovery}", {"new_password": NEW_PASSWORD}).status_code in {400, 405}


def test_other_sites_send_no_forms(service: Service) -> None:
    """A form of another origin, or without its token, is refused on every page of a recovery."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "dana"))
    assert (
        403
        == browser.post(page.request.full_path, {"code": "x"}, headers={"Origin": "https://evil.example"}).status_code
    )
    assert 400 == browser.post(page.request.full_path, {"code": "x"}).status_code
    assert 400 == browser.post("/recover", {"choice": "password", "identifier": "dana"}).status_code


def test_no_way_round_the_mail(service: Service) -> None:
    """T22, T23: in whatever order its forms are sent, full or empty, nobody sets a password without what was mailed."""
    chance = random.Random(7)
    browser = Browser(service)
    paths = ["/recover", "/recover/code", "/recover/user-ids", "/reset-password", "/reset-password/done"]
    fields = {
        "choice": ["password", "user_id", "x"],
        "identifier": ["dana", "", "dana@example.com"],
        "code": ["", WRONG_CODE, "0" * 8],
        "token": ["", "x" * 43],
        "new_password": [NEW_PASSWORD, ""],
        "sign_out": ["yes"],
        "action": ["change", "sign_in"],
        "recovery": ["x"],
    }
    hidden: dict[str, str] = {}
    query = ""
    for _ in range(250):
        chosen = {name: chance.choice(values) for name, values in fields.items() if chance.random() < 0.5}
        kept = {name: value for name, value in hidden.items() if chance.random() < 0.8}
        path = chance.choice(paths) + (query if chance.random() < 0.8 else "")
        answer = browser.get(path) if chance.random() < 0.3 else browser.post(path, {**kept, **chosen})
        assert answer.status_code < 500, path
        location = answer.headers.get("Location", "")
        assert "reset-password" not in location
        if "recovery=" in location:
            query = "?" + location.partition("?")[2]
        hidden |= hidden_fields(answer)
    assert "code=" not in browser.sign_in(browser.get("/account"), password=NEW_PASSWORD).headers.get("Location", "")
    assert "Your account" == heading(browser.follow(browser.sign_in(browser.get("/account"), password=PASSWORD)))


def test_a_disabled_account_gets_no_new_password(service: Service, clock: SettableClock) -> None:
    """What was proved before the account was stopped is good for nothing after it."""
    browser = Browser(service)
    page = prove(service, browser)
    with service.database.writing() as connection:
        account_id = connection.execute(text("SELECT id FROM accounts WHERE user_id = 'dana'")).scalar_one()
        disable_account(connection, account_id=account_id, now=clock())
    assert ENDED == heading(browser.submit(page, {"new_password": NEW_PASSWORD}))
