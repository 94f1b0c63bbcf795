"""Somebody signs in with a password that was given to them, and must choose their own before anything is issued."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

import pytest

from idp.app import Service
from idp.passwords.credentials import set_password
from tests.protocol.web_server import Page, web_server
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


def test_how_strong_it_would_be_is_told_while_it_is_typed(service: Service) -> None:
    """To whoever has proved the old one in this journey; the journey goes on as it was."""
    app, browser = App.register(service), Browser(service)
    page = browser.follow(browser.sign_in(app.ask(browser)))
    assert "This password is strong." == browser.submit(page, {"new_password": OWN, "action": "strength"}).text
    known = browser.submit(page, {"new_password": "driver driver dana", "action": "strength"})
    assert "which others know too" in known.text
    answer = app.answer(browser.submit(page, {"new_password": OWN, "action": "change"}))
    assert "code" in answer


def test_nobody_else_is_told(service: Service) -> None:
    """Without the proof of the old password the page answers nothing, and goes nowhere."""
    app, browser = App.register(service), Browser(service)
    page = browser.follow(browser.sign_in(app.ask(browser)))
    browser.submit(page, {"new_password": OWN, "action": "change"})
    late = browser.submit(page, {"new_password": OWN, "action": "strength"})
    assert (400, False) == (late.status_code, "This password is" in late.text)


def test_a_refused_one_is_judged_in_words(service: Service) -> None:
    """For those without script: why it is refused, and how strong it was."""
    app, browser = App.register(service), Browser(service)
    page = browser.follow(browser.sign_in(app.ask(browser)))
    refused = browser.submit(page, {"new_password": "qwertyuiopasdf", "action": "change"}).text
    assert "too short" in refused
    assert "This password is" in refused.partition('role="status"')[2]
    assert "qwertyuiop" not in refused


def test_a_stolen_password_is_refused_with_the_reason(database_url: str, tmp_path: Path) -> None:
    """The service that knows them is asked when a password is chosen, and at no sign-in."""
    digest = sha1(OWN.encode(), usedforsecurity=False).hexdigest().upper()
    with (
        web_server() as server,
        issuer_on(
            database_url,
            tmp_path,
            breached_passwords_url=server.address("/range"),
            outbound_allow=(f"127.0.0.1:{server.port}",),
        ) as running,
    ):
        server.pages[f"/range/{digest[:5]}"] = Page(f"{digest[5:]}:3".encode())
        account_id = add_person(running)
        app, browser = App.register(running), Browser(running)
        app.code(browser)
        assert [] == server.hits
        with running.database.writing() as connection:
            stored = running.parts.hasher.hash(PASSWORD)
            set_password(connection, account_id=account_id, stored=stored, must_change=True, now=running.clock())
        page = browser.follow(browser.sign_in(app.ask(browser, prompt="login")))
        refused = browser.submit(page, {"new_password": OWN, "action": "change"})
        assert "it has been stolen elsewhere" in refused.text
        assert [f"/range/{digest[:5]}"] == server.hits
