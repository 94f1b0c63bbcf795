"""Dana looks after her account: what it shows, whom she lets in, what she signs out, and how we write to her."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from idp.app import Service
from idp.mfa.factors import NewFactor, add_factor
from idp.mfa.models import RECOVERY_CODES
from idp.mfa.policy import Factor
from tests.support.account_pages import account_id_of, open_page, press, seen
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.recovery import deliver, heading

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
DAY = 86_400.0


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, whose mail lands in a folder."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/account", "Your account"),
        ("/account/methods", "Sign-in methods"),
        ("/account/new-phone", "Got a new phone?"),
        ("/account/sessions", "Devices and sessions"),
        ("/account/apps", "Apps with access"),
        ("/account/shared", "Contracts and shared access"),
        ("/account/close", "Close your account"),
        ("/account/details", "Contact and mails"),
        ("/account/email", "New e-mail address"),
        ("/account/activity", "Recent activity"),
        ("/account/call-code", "Code for a call to support"),
        ("/lock-down", "This wasn’t me"),
    ],
)
def test_every_page_asks_who_is_there_and_comes_back(service: Service, path: str, title: str) -> None:
    """Whoever opens a page signed out signs in and lands on that very page."""
    browser = Browser(service)
    assert "Sign in" == heading(browser.follow(browser.get(path)))
    assert title == heading(open_page(browser, path))


def test_home_leads_everywhere(service: Service) -> None:
    """One link to each page, and none of them is broken."""
    browser = Browser(service)
    home = open_page(browser, "/account")
    links = set(re.findall(r'href="(/account/[a-z-]+)"', home.text))
    wanted = {"methods", "new-phone", "sessions", "apps", "shared", "close", "details", "call-code", "activity"}
    assert {f"/account/{name}" for name in wanted} == links
    assert [200] * len(links) == [browser.get(link).status_code for link in links]


def test_the_last_sign_in_is_on_home_and_on_the_consent_page(service: Service, clock: SettableClock) -> None:
    """The page that appears anyway says when the account was used before, and offers to object."""
    open_page(Browser(service), "/account")
    clock.advance(DAY)
    app = App.register(service, first_party=False)
    browser = Browser(service)
    consent = browser.follow(browser.sign_in(app.ask(browser)))
    assert "Allow access" == heading(consent)
    assert "Your last sign-in was on" in seen(consent)
    assert "Your last sign-in was on" not in seen(browser.follow(app.ask(browser)))


def test_sessions_name_browser_place_and_time_and_mark_this_one(service: Service, clock: SettableClock) -> None:
    """The list says where she is signed in, this session first."""
    open_page(Browser(service, agent=CHROME, address="203.0.113.9"), "/account")
    clock.advance(60)
    words = seen(open_page(Browser(service), "/account/sessions"))
    assert "Chrome on Linux" in words
    assert "203.0.113.9" in words
    assert words.index("This one") < words.index("Chrome on Linux")


def test_one_session_is_signed_out_and_the_others_stay(service: Service) -> None:
    """Its tokens end with it; the page says that it is done."""
    there, here, third = Browser(service, agent=CHROME), Browser(service), Browser(service, agent="Other/1.0")
    app = App.register(service)
    tokens = app.tokens(there, scope="openid offline_access", prompt="consent")
    open_page(third, "/account")
    page = open_page(here, "/account/sessions")
    shown = re.search(r"<li>(?:(?!</li>).)*Chrome on Linux(?:(?!</li>).)*</li>", page.text, re.DOTALL)
    assert shown
    sid = re.search(r'name="sid" value="([^"]+)"', shown[0])
    assert sid
    done = here.follow(press(here, page, "end", containing=sid[1]))
    assert "That session has ended." in seen(done)
    assert "Sign in" == heading(there.follow(there.get("/account")))
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    assert "Your account" == heading(third.get("/account"))


def test_everywhere_else(service: Service) -> None:
    """All but this one end, and what was issued there."""
    there, here = Browser(service), Browser(service)
    open_page(there, "/account")
    done = here.follow(press(here, open_page(here, "/account/sessions"), "end_others"))
    assert "signed out everywhere else" in seen(done)
    assert "signed in nowhere else" in seen(done)
    assert "Sign in" == heading(there.follow(there.get("/account")))


def test_signing_out_this_session_from_the_list(service: Service) -> None:
    """The cookie goes with it."""
    browser = Browser(service)
    press(browser, open_page(browser, "/account/sessions"), "end")
    assert {} == {name: value for name, value in browser.cookies().items() if "session" in name}
    assert "Sign in" == heading(browser.follow(browser.get("/account")))


def test_apps_say_in_words_what_they_may_see_and_can_be_ended(service: Service) -> None:
    """After that its tokens are dead, and it has to ask again."""
    app, browser = App.register(service, first_party=False), Browser(service)
    tokens = app.tokens(browser, scope="openid email offline_access", prompt="consent")
    page = open_page(browser, "/account/apps")
    for words in ("The app", "Your e-mail address", "Lasting access"):
        assert words in seen(page), words
    done = browser.follow(press(browser, page, "withdraw"))
    assert "has no access any more" in seen(done)
    assert "No app has access" in seen(done)
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    assert "Allow access" == heading(browser.follow(app.ask(browser)))


def test_language_phrase_and_mails_are_hers_to_choose(service: Service) -> None:
    """The phrase stands in the next mail; the language is that of pages and mails."""
    browser = Browser(service)
    page = open_page(browser, "/account/details")
    saved = browser.submit(page, {"language": "de", "phrase": "seven kettles", "new_device_mail": ""})
    shown = browser.follow(saved)
    assert 'lang="de"' in shown.text
    assert 'value="seven kettles"' in shown.text
    assert "checked" not in re.search(r'<input id="new_device_mail"[^>]*>', shown.text)[0]  # type: ignore[index]
    browser.submit(browser.get("/recover"), {"choice": "password", "identifier": "dana"})
    assert "seven kettles" in deliver(service)[0].text
    assert "seven kettles" in deliver(service)[0].html


@pytest.mark.parametrize("phrase", ["x" * 65, "a\nb", "a\u202eb", "a\u200bb"])
def test_a_phrase_that_cannot_stand_in_a_mail_is_refused(service: Service, phrase: str) -> None:
    """It is one line that can be seen; what was typed is kept."""
    browser = Browser(service)
    page = open_page(browser, "/account/details")
    refused = browser.submit(page, {"language": "en", "phrase": phrase})
    assert "one line of at most 64" in seen(refused)
    assert 'value=""' in re.search(r'<input id="phrase"[^>]*>', browser.get("/account/details").text)[0]  # type: ignore[index]


def test_the_offer_rests_for_ninety_days(service: Service, clock: SettableClock) -> None:
    """Not now means: not for a while."""
    browser = Browser(service)
    home = open_page(browser, "/account")
    assert "Protect your account" in seen(home)
    assert "Protect your account" not in seen(browser.follow(press(browser, home, "not_now")))
    clock.advance(89 * DAY)
    assert "Protect your account" not in seen(open_page(Browser(service), "/account"))
    clock.advance(2 * DAY)
    assert "Protect your account" in seen(open_page(Browser(service), "/account"))


def test_activity_says_what_happened_and_offers_to_object(service: Service) -> None:
    """In words, with browser, address and reference; a wrong password is among it."""
    stranger = Browser(service, address="203.0.113.66")
    stranger.sign_in(App.register(service).ask(stranger), password="wrong wrong wrong wrong")
    page = open_page(Browser(service, agent=CHROME), "/account/activity")
    words = seen(page)
    for said in ("Signed in", "A sign-in was refused", "203.0.113.66", "Chrome on Linux", "reference", "This session"):
        assert said in words, said
    assert page.text.count('href="/lock-down"') == words.count("This wasn’t me")


def test_nobody_sees_what_happened_to_another_account(service: Service) -> None:
    """Tom's page knows nothing of dana."""
    add_person(service, "tom")
    open_page(Browser(service, address="203.0.113.66"), "/account")
    tom = Browser(service)
    for path in ("/account/activity", "/account/sessions", "/account/apps"):
        assert "203.0.113.66" not in open_page(tom, path, user_id="tom").text
    assert account_id_of(service, "tom") != account_id_of(service)


def test_change_password_has_an_address_that_password_managers_know(service: Service) -> None:
    """They find it by its well-known path."""
    assert "/account/password" == Browser(service).get("/.well-known/change-password").headers["Location"]


def test_a_new_browser_is_told_by_mail(service: Service) -> None:
    """Not the very first sign-in, and not the same browser again; the mail names it and offers to object."""
    app, first = App.register(service), Browser(service)
    app.code(first)
    assert [] == deliver(service)
    app.code(Browser(service, agent=CHROME, address="203.0.113.9"))
    told = deliver(service)[0]
    assert ("dana@example.com", "New sign-in to your account") == (told.recipient, told.subject)
    for words in ("Chrome on Linux", "203.0.113.9", "/lock-down?token="):
        assert words in told.text
    open_page(Browser(service, agent=CHROME), "/account")
    assert 2 == len(deliver(service))


def test_a_browser_that_is_known_tells_nobody(service: Service) -> None:
    """Signing out and in again in the same one is nothing new."""
    browser = Browser(service)
    home = open_page(browser, "/account")
    press(browser, home, "sign_out")
    assert "Your account" == heading(open_page(browser, "/account"))
    assert [] == deliver(service)


def test_mails_about_new_browsers_can_be_switched_off(service: Service) -> None:
    """Those about the password and the like come all the same."""
    browser = Browser(service)
    browser.submit(open_page(browser, "/account/details"), {"language": "en", "phrase": ""})
    open_page(Browser(service, agent=CHROME), "/account")
    assert [] == deliver(service)


def test_a_thief_who_ticks_shared_device_is_told_of_too(service: Service) -> None:
    """Such a browser is never known, so that each sign-in in one is news."""
    open_page(Browser(service), "/account")
    thief = Browser(service)
    page = thief.follow(thief.get("/account"))
    thief.submit(page, {"user_id": "dana", "password": PASSWORD, "shared_device": "yes"})
    assert ["New sign-in to your account"] == [mail.subject for mail in deliver(service)]
    home = thief.get("/account")
    assert "after ten minutes without use" in seen(home)
    assert "Protect your account" not in seen(home)


@pytest.fixture
def with_factor(service: Service) -> Browser:
    """Give dana's browser, signed in, and an authenticator that she has set up meanwhile, with two codes left."""
    browser = Browser(service)
    open_page(browser, "/account")
    account_id = account_id_of(service)
    with service.database.writing() as connection:
        new = NewFactor(id="phone-1", account_id=account_id, kind=Factor.TOTP, name="Old phone", secret=b"sealed")
        add_factor(connection, new, now=service.clock())
        row = {"account_id": account_id, "created_at": service.clock()}
        connection.execute(insert(RECOVERY_CODES), [row | {"tag": bytes([number]) * 32} for number in range(2)])
    return browser


def test_methods_are_listed_with_what_is_left(with_factor: Browser) -> None:
    """Name, kind, when it was added, and the recovery codes; home reminds of them when few are left."""
    words = seen(with_factor.get("/account/methods"))
    for said in ("Old phone", "Authenticator app", "Added on", "last used on", "2 are left"):
        assert said in words, said
    home = seen(with_factor.get("/account"))
    assert "You have 2 recovery codes left." in home
    assert "Protect your account" not in home


def test_a_new_phone_comes_before_the_old_one_goes(with_factor: Browser) -> None:
    """The only factor has no link to remove it here."""
    page = with_factor.get("/account/new-phone")
    assert "It can be removed here once there is another one." in seen(page)
    assert "phone-1" not in page.text


def test_whoever_has_a_second_factor_shows_it_before_changing_anything(with_factor: Browser) -> None:
    """The password alone, however fresh, does not lead to the page for another address."""
    asked = with_factor.get("/account/email")
    assert asked.headers["Location"].startswith("/verify-factor?journey=")


def test_home_says_which_apps_have_still_to_hear_of_a_sign_out(service: Service) -> None:
    """An app that is told by its back channel is named until it has confirmed."""
    app = App.register(service, backchannel_logout_uri="https://app.example.com/logout")
    app.code(Browser(service))
    here = Browser(service)
    press(here, open_page(here, "/account/sessions"), "end_others")
    assert "These apps are still to confirm that you signed out: The app." in seen(here.get("/account"))
