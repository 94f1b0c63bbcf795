"""Somebody signs in with a password that was given to them, and must choose their own before anything is issued."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from idp.passwords.credentials import set_password
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on

OWN = "a new one that only dana knows"


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """Give an issuer where dana's password was issued by somebody else."""
    with issuer_on(database_url, tmp_path) as running:
        account_id = add_person(running)
        with running.database.writing() as connection:
            stored = running.parts.hasher.hash(PASSWORD)
            set_password(connection, account_id=account_id, stored=stored, must_change=True, now=running.clock())
        yield running


def test_an_issued_password_must_be_replaced_first(service: Service) -> None:
    """No code before the new password; with it the app gets its code, and the old password is dead."""
    app, browser = App.register(service), Browser(service)
    page = browser.follow(browser.sign_in(app.ask(browser)))
    assert "<h1>Choose a new password</h1>" in page.text
    assert "idp_session" not in str(browser.cookies())
    answer = app.answer(browser.submit(page, {"new_password": OWN, "action": "change"}))
    assert 200 == app.exchange(answer["code"]).status_code
    assert "do not match" in browser.sign_in(app.ask(browser, prompt="login")).text


@pytest.mark.parametrize(
    ("chosen", "words"),
    [("too short", "too short"), (PASSWORD, "to be replaced"), ("x" * 257, "at most 256"), ("", "at most 256")],
)
def test_a_bad_new_password_is_refused_with_the_reason(service: Service, chosen: str, words: str) -> None:
    """Too short, the same again, too long, none: each says what to do."""
    app, browser = App.register(service), Browser(service)
    page = browser.follow(browser.sign_in(app.ask(browser)))
    assert words in browser.submit(page, {"new_password": chosen, "action": "change"}).text


def test_the_page_needs_the_proof_of_the_old_password(service: Service) -> None:
    """Going straight to the page leads to the sign-in page; posting to it changes nothing."""
    app, browser = App.register(service), Browser(service)
    sign_in = app.ask(browser).headers["Location"]
    page = browser.get(sign_in.replace("/sign-in", "/change-password"))
    assert page.headers["Location"].startswith("/sign-in?")
    posted = browser.post(sign_in.replace("/sign-in", "/change-password"), {"new_password": OWN, "action": "change"})
    assert 400 == posted.status_code


def test_cancelling_tells_the_app(service: Service) -> None:
    """Cancel is access_denied, and no session was opened."""
    app, browser = App.register(service), Browser(service)
    page = browser.follow(browser.sign_in(app.ask(browser)))
    assert "access_denied" == app.answer(browser.submit(page, {"action": "cancel"}))["error"]
    assert {} == browser.cookies()
