"""Dana's sign-in ends at recovery: she reported somebody else, or her password is known to others."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from idp.accounts.models import ACCOUNTS
from idp.acts.lock_down import lock_down
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.passwords.credentials import find_credential, note_compromised
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.nodes import outcome
from tests.support.recovery import NEW_PASSWORD, ask, code_in, deliver, heading
from tests.support.second_factors import add_app

OWNER = Visitor(address="192.0.2.1", user_agent="TestBrowser/1.0", reference="TEST-0001")
LOCKED, KNOWN = "This account is locked", "This password cannot be used any more"


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer whose mail lands in a folder."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        yield running


@pytest.fixture
def dana(service: Service) -> str:
    """Give dana's account id."""
    return add_person(service)


def locked(service: Service, account_id: str) -> None:
    """Let the owner say "this wasn't me"."""
    with service.database.writing() as connection:
        lock_down(
            connection,
            account_id=account_id,
            by="mail",
            ceiling=service.parts.issuer.ceiling,
            visitor=OWNER,
            entropy=service.entropy,
            now=service.clock(),
        )


def known(service: Service, account_id: str) -> None:
    """Find the password in strangers' hands."""
    with service.database.writing() as connection:
        note_compromised(connection, account_id=account_id, now=service.clock())


def stopped_at(service: Service, account_id: str) -> tuple[float | None, float | None]:
    """Read since when the account is locked down, and its password known to others."""
    with service.database.reading() as connection:
        locked_down_at = connection.execute(
            select(ACCOUNTS.c.locked_down_at).where(ACCOUNTS.c.id == account_id)
        ).scalar_one()
        credential = find_credential(connection, account_id=account_id)
    assert credential
    return locked_down_at, credential.compromised_at


STOPS = pytest.mark.parametrize(("stop", "words"), [(locked, LOCKED), (known, KNOWN)])


@STOPS
def test_the_sign_in_ends_at_recovery_and_goes_on_after_it(
    service: Service, dana: str, stop: Callable[[Service, str], None], words: str, clock: SettableClock
) -> None:
    """The page says why, keeps the journey, names nobody; after the reset the new password completes the sign-in."""
    app, browser = App.register(service), Browser(service)
    stop(service, dana)
    clock.advance(1)
    stopped = browser.sign_in(app.ask(browser))
    assert stopped.headers["Location"].startswith("/recover?journey=")
    page = browser.follow(stopped)
    assert words == heading(page)
    assert "dana" not in page.text.lower()
    waiting = browser.follow(ask(browser, "dana", page=page))
    mail = next(mail for mail in deliver(service) if mail.subject == "Choose a new password")
    chosen = browser.follow(browser.submit(waiting, {"code": code_in(mail)}))
    clock.advance(1)
    done = browser.follow(browser.submit(chosen, {"new_password": NEW_PASSWORD}))
    onward = re.search(r'class="button primary" href="(/sign-in\?journey=[^"]+)"', done.text)
    assert onward
    assert "code" in app.answer(browser.sign_in(browser.get(html.unescape(onward[1])), password=NEW_PASSWORD))
    assert (None, None) == stopped_at(service, dana)


@STOPS
def test_without_the_password_nobody_learns_of_it(
    service: Service, dana: str, stop: Callable[[Service, str], None], words: str
) -> None:
    """T33: a wrong password gets the words of a wrong password, and /recover says nothing of the account."""
    app, browser = App.register(service), Browser(service)
    stop(service, dana)
    wrong = browser.sign_in(app.ask(browser), password="not the right one at all")
    assert "do not match" in wrong.text
    path = re.search(r'href="(/recover\?journey=[^"]+)"', wrong.text)
    assert path
    assert "Forgot user ID or password" == heading(browser.get(html.unescape(path[1])))
    assert words not in wrong.text


@STOPS
def test_the_form_in_error_says_it_again(
    service: Service, dana: str, stop: Callable[[Service, str], None], words: str
) -> None:
    """Whoever sends the page empty keeps the reason and the journey."""
    app, browser = App.register(service), Browser(service)
    stop(service, dana)
    page = browser.follow(browser.sign_in(app.ask(browser)))
    again = browser.submit(page, {"identifier": ""})
    assert words == heading(again)
    assert "Enter your user ID or your e-mail address." in again.text
    assert page.request.args["journey"] in again.text


@STOPS
def test_no_page_of_the_journey_goes_round_it(
    service: Service, dana: str, stop: Callable[[Service, str], None], words: str, clock: SettableClock
) -> None:
    """Every page of the journey leads back to recovery; and the old proof is worth nothing after somebody's reset."""
    app, thief, owner = App.register(service), Browser(service), Browser(service)
    stop(service, dana)
    clock.advance(1)
    page = thief.follow(thief.sign_in(app.ask(thief)))
    journey = page.request.args["journey"]
    pages = ("/consent", "/change-password", "/verify-factor", "/enrol-factor")
    for path in pages:
        led = thief.follow(thief.get(f"{path}?journey={journey}"))
        assert (200, words) == (led.status_code, heading(led)), path
    waiting = owner.follow(ask(owner, "dana"))
    mail = next(mail for mail in deliver(service) if mail.subject == "Choose a new password")
    clock.advance(1)
    owner.submit(owner.follow(owner.submit(waiting, {"code": code_in(mail)})), {"new_password": NEW_PASSWORD})
    for path in pages:
        answer = thief.get(f"{path}?journey={journey}")
        assert outcome(answer) in {"access_denied", "shown:400"}, path
    assert "do not match" in thief.sign_in(app.ask(thief), password=PASSWORD).text


def test_an_app_that_asks_in_silence_is_told_that_a_page_is_needed(
    service: Service, dana: str, clock: SettableClock
) -> None:
    """The error says nothing of why; locking down has ended the session, so that nobody is signed in any more."""
    app, browser = App.register(service), Browser(service)
    app.code(browser)
    known(service, dana)
    assert "interaction_required" == outcome(app.ask(browser, prompt="none"))
    clock.advance(1)
    locked(service, dana)
    assert "login_required" == outcome(app.ask(browser, prompt="none"))


def test_a_locked_account_with_a_factor_needs_both_proofs(service: Service, dana: str, clock: SettableClock) -> None:
    """Unlocking is recovery, and recovery asks the second factor (T21)."""
    app_on_phone, browser = add_app(service, dana), Browser(service)
    locked(service, dana)
    clock.advance(30)
    waiting = browser.follow(ask(browser, "dana"))
    mail = next(mail for mail in deliver(service) if mail.subject == "Choose a new password")
    page = browser.follow(browser.submit(waiting, {"code": code_in(mail)}))
    assert "Your second step" == heading(page)
    chosen = browser.follow(browser.submit(page, {"code": app_on_phone.code()}))
    assert 303 == browser.submit(chosen, {"new_password": NEW_PASSWORD}).status_code
    assert (None, None) == stopped_at(service, dana)
