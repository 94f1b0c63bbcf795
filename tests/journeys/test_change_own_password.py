"""Somebody who is signed in changes their password at /account/password: present and new, and what ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update
from werkzeug.test import TestResponse

from idp.accounts.find import find_by_identifier
from idp.app import Service
from idp.mfa.models import FACTORS, REMEMBERED
from idp.mfa.policy import MFA
from idp.passwords.credentials import find_credential, note_compromised
from idp.sessions.models import SESSIONS
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.recovery import deliver, heading

PATH = "/account/password"
OWN = "eleven lighthouses in the fog"
SHORT = "grey fog 11"


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, whose mail lands in a folder."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


def signed_in(service: Service, address: str = "198.51.100.7") -> Browser:
    """Sign dana in to her account."""
    browser = Browser(service, address=address)
    browser.sign_in(browser.get("/account"))
    return browser


def change(
    browser: Browser, new: str = OWN, *, current: str = PASSWORD, sign_out: bool = True, **more: str
) -> TestResponse:
    """Fill and send the form."""
    fields = {"current_password": current, "new_password": new, **more}
    return browser.submit(browser.get(PATH), fields | ({"sign_out": "yes"} if sign_out else {}))


def is_at_home(browser: Browser) -> bool:
    """Whether the browser is signed in still."""
    return browser.get("/account").status_code == 200


def with_factor(service: Service, account_id: str) -> None:
    """Give dana an authenticator app, as if she had shown it at the sign-in of her session."""
    with service.database.writing() as connection:
        connection.execute(
            insert(FACTORS).values(
                id="f", account_id=account_id, kind="totp", name="App", created_at=1.0, sign_count=0, facts={}
            )
        )
        connection.execute(update(SESSIONS).values(acr=MFA))


def test_present_and_new_make_a_new_password(service: Service) -> None:
    """The old one is dead, the new one signs in, and the owner is told."""
    browser = signed_in(service)
    done = browser.follow(change(browser))
    assert "Your password is changed" == heading(done)
    assert ["Your password was changed"] == [mail.subject for mail in deliver(service)]
    other = Browser(service)
    assert "do not match" in other.sign_in(other.get("/account")).text
    assert heading(other.follow(other.sign_in(other.get("/account"), password=OWN))) == "Your account"


def test_others_are_signed_out_and_this_one_stays_under_a_new_handle(service: Service) -> None:
    """Ticked by default; the session here gets a new handle, and the old one opens nothing (ASVS 7.2.4)."""
    here, there = signed_in(service), signed_in(service, "203.0.113.9")
    app = App.register(service)
    tokens = app.tokens(there, scope="openid offline_access")
    before = here.cookies()["__Host-idp_session"]
    assert 'name="sign_out" value="yes" checked' in here.get(PATH).text
    change(here)
    assert (True, False) == (is_at_home(here), is_at_home(there))
    assert before != here.cookies()["__Host-idp_session"]
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    assert "code=" in app.ask(here, prompt="none").headers["Location"]
    thief = Browser(service)
    thief.client.set_cookie("__Host-idp_session", before, domain="id.example.com", secure=True)
    assert not is_at_home(thief)


def test_unticked_the_others_really_go_on(service: Service, clock: SettableClock) -> None:
    """Their sessions and their apps' refresh tokens work on."""
    here, there = signed_in(service), signed_in(service, "203.0.113.9")
    app = App.register(service)
    tokens = app.tokens(there, scope="openid offline_access")
    clock.advance(10)
    service.watch.poll_once()
    change(here, sign_out=False)
    assert (True, True) == (is_at_home(here), is_at_home(there))
    assert 200 == app.refresh(tokens["refresh_token"]).status_code
    assert "code=" in app.ask(there, prompt="none").headers["Location"]


def test_a_wrong_present_password_counts_as_a_guess(service: Service) -> None:
    """It is refused in words, and after too many the page refuses the right one, too (ASVS 6.2.3)."""
    browser = signed_in(service)
    assert "not your current password" in change(browser, current="not that one").text
    answers = [change(browser, current="not that one") for _ in range(12)]
    assert 429 == answers[-1].status_code
    assert 429 == change(browser).status_code


def test_a_right_one_counts_nothing(service: Service) -> None:
    """However often the new one is refused, nobody is locked out by it."""
    browser = signed_in(service)
    assert {200} == {change(browser, "too short").status_code for _ in range(14)}
    assert 303 == change(browser).status_code


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("too short", "at least 15"),
        (PASSWORD, "to be replaced"),
        ("", "at most 256"),
        ("passwordpassword", "strangers try"),
        ("danadriverdanadriver", "which others know too"),
    ],
)
def test_a_bad_new_one_is_refused_with_the_reason(service: Service, new: str, words: str) -> None:
    """And nothing changes."""
    browser = signed_in(service)
    assert words in change(browser, new).text
    assert heading(browser.follow(change(browser))) == "Your password is changed"


def test_the_present_one_is_needed(service: Service) -> None:
    """Without it nothing is looked at (ASVS 6.2.2)."""
    assert "Enter your current password" in change(signed_in(service), current="").text


def test_the_page_wants_a_sign_in_of_the_last_five_minutes(service: Service, clock: SettableClock) -> None:
    """Whoever signed in before that signs in again and comes back; the form that was open changes nothing."""
    browser = signed_in(service)
    page = browser.get(PATH)
    clock.advance(301)
    late = browser.submit(page, {"current_password": PASSWORD, "new_password": OWN, "sign_out": "yes"})
    assert late.headers["Location"].startswith("/sign-in?")
    assert "Change your password" == heading(browser.follow(browser.sign_in(late)))


def test_a_stranger_is_asked_to_sign_in(service: Service) -> None:
    """Reading and sending alike; a form from elsewhere is refused."""
    assert Browser(service).get(PATH).headers["Location"].startswith("/sign-in?")
    assert Browser(service).post(PATH, {"new_password": OWN}).headers["Location"].startswith("/sign-in?")
    forged = {"current_password": PASSWORD, "new_password": OWN, "form_token": "9999999999." + "x" * 43}
    assert 400 == signed_in(service).post(PATH, forged).status_code


def test_remembered_browsers_are_forgotten(service: Service) -> None:
    """Whatever saved showing the second factor does so no more."""
    browser, account_id = signed_in(service), _dana(service)
    with service.database.writing() as connection:
        connection.execute(
            insert(REMEMBERED).values(handle_digest=b"x" * 32, account_id=account_id, created_at=1.0, expires_at=9e9)
        )
    change(browser, sign_out=False)
    with service.database.reading() as connection:
        assert 0 == connection.execute(select(func.count()).select_from(REMEMBERED)).scalar_one()


def test_beside_a_second_factor_eight_characters_do(service: Service) -> None:
    """The page says so, and takes it; it is noted as short."""
    browser, account_id = signed_in(service), _dana(service)
    with_factor(service, account_id)
    assert "At least 8 characters" in browser.get(PATH).text
    assert 303 == change(browser, SHORT).status_code
    with service.database.reading() as connection:
        stored = find_credential(connection, account_id=account_id)
    assert stored
    assert (True, False) == (stored.short, stored.must_change)


def test_a_password_that_others_may_know_leaves_no_session_behind(service: Service) -> None:
    """Found out while the page was open: whoever it is must recover the account, and the page changes nothing."""
    browser, account_id = signed_in(service), _dana(service)
    page = browser.get(PATH)
    with service.database.writing() as connection:
        note_compromised(connection, account_id=account_id, now=service.clock())
    sent = browser.submit(page, {"current_password": PASSWORD, "new_password": OWN})
    assert sent.headers["Location"].startswith("/recover?")


def test_how_strong_it_would_be_is_told_while_it_is_typed(service: Service) -> None:
    """In plain words that nobody keeps, for the page's own browser alone; nothing changes."""
    browser = signed_in(service)
    page = browser.get(PATH)
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
    short = browser.submit(page, {"new_password": "short", "action": "strength"})
    strong = browser.submit(page, {"new_password": OWN, "action": "strength"})
    assert "This password is too short: use at least 15 characters." == short.text
    assert "This password is strong." == strong.text
    assert ("no-store", "text/plain; charset=utf-8") == (
        strong.headers["Cache-Control"],
        strong.headers["Content-Type"],
    )
    stranger = Browser(service).post(PATH, {"new_password": OWN, "action": "strength"})
    assert "strong" not in stranger.text


def test_a_refused_one_is_judged_in_words_without_script(service: Service) -> None:
    """Beside the reason stands how strong it was; the password itself does not come back."""
    refused = change(signed_in(service), "Tr0ub4dor&3").text
    assert '<p class="strength" role="status" data-strength-of="new_password">This password is' in refused
    assert "Tr0ub4dor" not in refused


def test_what_is_replaced_is_no_present_password_any_more(service: Service) -> None:
    """A second form, filled in before, is refused as a wrong guess is."""
    browser = signed_in(service)
    change(browser)
    assert "not your current password" in change(browser, "another one of lighthouses").text


def _dana(service: Service) -> str:
    with service.database.reading() as connection:
        found = find_by_identifier(connection, identifier="dana")
    assert found
    return found.id


def test_a_good_new_one_is_not_judged_beside_a_wrong_present_one(service: Service) -> None:
    """The field comes back empty: words about it would be about nothing."""
    refused = change(signed_in(service), current="not that one").text
    assert "" == refused.partition('data-strength-of="new_password">')[2].partition("<")[0]
