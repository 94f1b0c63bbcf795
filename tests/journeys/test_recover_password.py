"""Dana has forgotten her password: she asks, gets one mail, proves that it is hers, and chooses a new one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.recovery import NEW_PASSWORD, ask, code_in, deliver, heading, link_in, prove, reset


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, whose mail lands in a folder."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


def test_from_the_sign_in_page_and_back_to_it(service: Service) -> None:
    """The link on the sign-in page, the code from the mail, the new password, and on to the app that waits."""
    app, browser = App.register(service), Browser(service)
    sign_in = browser.follow(app.ask(browser))
    link = re.search(r'href="(/recover\?journey=[^"]+)"', sign_in.text)
    assert link
    page = browser.follow(ask(browser, "dana", page=browser.get(html.unescape(link[1]))))
    assert "Check your mail" == heading(page)
    mail = deliver(service)[0]
    assert ("dana@example.com", "Choose a new password") == (mail.recipient, mail.subject)
    page = browser.follow(browser.submit(page, {"code": code_in(mail)}))
    done = browser.follow(browser.submit(page, {"new_password": NEW_PASSWORD, "sign_out": "yes"}))
    assert "Your password is changed" == heading(done)
    onward = re.search(r'class="button primary" href="(/sign-in\?journey=[^"]+)"', done.text)
    assert onward
    answer = browser.sign_in(browser.get(html.unescape(onward[1])), password=NEW_PASSWORD)
    assert "code" in app.answer(answer)


def test_by_link_in_the_browser_that_asked(service: Service) -> None:
    """Opening the link changes nothing; the button on its page goes on without a code."""
    browser = Browser(service)
    ask(browser, "dana@example.com")
    link = link_in(deliver(service)[0])
    browser.get(link)
    opened = browser.get(link)
    assert 'name="code"' not in opened.text
    page = browser.follow(browser.submit(opened, {}))
    assert 303 == browser.submit(page, {"new_password": NEW_PASSWORD}).status_code
    assert "code=" in browser.sign_in(App.register(service).ask(browser), password=NEW_PASSWORD).headers["Location"]


def test_by_link_in_another_browser_with_the_code_of_the_same_mail(service: Service) -> None:
    """Whoever reads mail on the phone types the code beside the link there, and goes on there."""
    desk, phone = Browser(service), Browser(service, agent="Phone/1.0")
    ask(desk, "dana")
    mail = deliver(service)[0]
    opened = phone.get(link_in(mail))
    assert "This is not the browser" in opened.text
    assert "Enter the code" in phone.submit(opened, {}).text
    page = phone.follow(phone.submit(opened, {"code": code_in(mail).replace("-", " ").lower()}))
    assert "Your password is changed" == heading(phone.follow(phone.submit(page, {"new_password": NEW_PASSWORD})))


def test_nobody_is_signed_in_by_a_reset(service: Service) -> None:
    """T21: the reset ends at the sign-in page; no session, no cookie of one."""
    browser = Browser(service)
    reset(service, browser)
    assert {} == browser.cookies()
    assert "Sign in" == heading(browser.follow(browser.get("/account")))


def test_the_old_password_and_every_session_end(service: Service) -> None:
    """Other browsers are signed out, refresh tokens are dead, and the old password opens nothing."""
    app, other, browser = App.register(service), Browser(service), Browser(service)
    tokens = app.tokens(other, scope="openid offline_access", prompt="consent")
    reset(service, browser)
    assert "Sign in" == heading(other.follow(other.get("/account")))
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    assert "do not match" in other.sign_in(app.ask(other), password=PASSWORD).text


def test_sessions_stay_when_the_box_is_unticked(service: Service) -> None:
    """Whoever is sure may keep the other devices signed in."""
    app, other, browser = App.register(service), Browser(service), Browser(service)
    tokens = app.tokens(other, scope="openid offline_access", prompt="consent")
    browser.submit(prove(service, browser), {"new_password": NEW_PASSWORD})
    assert "Your account" == heading(other.get("/account"))
    assert 200 == app.refresh(tokens["refresh_token"]).status_code


def test_the_owner_is_told_and_so_is_the_page(service: Service) -> None:
    """A notice says when, from where and what to do; the account page says how long apps are careful."""
    browser = Browser(service)
    reset(service, browser)
    notice = deliver(service)[0]
    assert "Your password was reset" == notice.subject
    for words in ("198.51.100.7", "Act at once", "https://id.example.com/recover", "+1 555 0100"):
        assert words in notice.text
    account = browser.follow(browser.sign_in(browser.get("/account"), password=NEW_PASSWORD))
    assert "Your password was reset by e-mail" in account.text


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ("too short", "too short"),
        (PASSWORD, "to be replaced"),
        ("passwordpassword", "strangers try"),
        ("dana-DRIVER-12345", "“Dana Driver”"),
        ("example motor finance", "“Example Motor Finance”"),
        ("x" * 257, "at most 256"),
    ],
)
def test_a_bad_new_password_is_refused_with_the_reason(service: Service, chosen: str, words: str) -> None:
    """The pass is kept, so that the person can do better at once (A6.1.2, A6.2.4)."""
    browser = Browser(service)
    page = prove(service, browser)
    refused = browser.submit(page, {"new_password": chosen, "sign_out": "yes"})
    assert words in html.unescape(refused.text)
    assert 303 == browser.submit(refused, {"new_password": NEW_PASSWORD}).status_code


def test_none_of_the_last_four_is_taken_again(service: Service, clock: SettableClock) -> None:
    """The fifth back may be chosen once more."""
    browser = Browser(service)
    chosen = ["the first of many lanterns", "a second kettle of herons", "third time on the ferry"]
    for password in chosen:
        clock.advance(200)
        assert 303 == reset(service, browser, password).status_code
    clock.advance(200)
    page = prove(service, browser)
    for former in (PASSWORD, *chosen):
        page = browser.submit(page, {"new_password": former})
        assert 200 == page.status_code, former
    assert 303 == browser.submit(page, {"new_password": "fourth row of the orchard"}).status_code
    clock.advance(200)
    assert 303 == reset(service, browser, PASSWORD).status_code


def test_a_mail_server_that_was_away_costs_no_time_of_the_code(service: Service, clock: SettableClock) -> None:
    """F16: asked at one, sent an hour later: the ten minutes begin then."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "dana"))
    clock.advance(3600)
    code = code_in(deliver(service)[0])
    clock.advance(590)
    page = browser.get(page.request.full_path)
    assert "Choose a new password" == heading(browser.follow(browser.submit(page, {"code": code})))


def test_in_german(service: Service) -> None:
    """Pages follow the browser, the mail follows the account."""
    add_person(service, "greta", email="greta@example.com", locale="de-DE")
    browser = Browser(service)
    page = browser.get("/recover", headers={"Accept-Language": "de"})
    assert "Benutzerkennung oder Passwort vergessen" == heading(page)
    ask(browser, "greta", page=page)
    mail = deliver(service)[0]
    assert "Wählen Sie ein neues Passwort" == mail.subject
    assert 'lang="de"' in mail.html
