"""What thieves try with a recovery: other people's codes, old ones, many at once, and the page behind without any."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from idp.accounts.disable import disable_account
from idp.app import Service
from idp.passwords.credentials import set_password
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, Browser, add_person, issuer_on
from tests.support.racing import at_once
from tests.support.recovery import (
    NEW_PASSWORD,
    WRONG_CODE,
    ask,
    code_in,
    deliver,
    heading,
    link_in,
    prove,
    reset,
)
from tests.support.statements import statements_of

MASKS = (
    r"idp_recovery_[A-Za-z0-9_-]{8}",
    r"Expires=[^;]*",
    r"[A-Za-z0-9_-]{43}",
    r"[0-9]{9,12}\.",
    r"[A-Za-z0-9_-]{22}",
    r"[A-Z]{4}-[0-9]{4}",
    r"'X-Request-Id', '[0-9a-f]+'",
)
ENDED = "This way back has ended"


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, and with people in every other standing."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        add_person(running, "vera", email_verified=False)
        add_person(running, "noone-mails", email=None, email_verified=False)
        add_person(running, "passwordless", password=None)
        disabled = add_person(running, "disabled")
        with running.database.writing() as connection:
            disable_account(connection, account_id=disabled, now=clock())
        yield running


def seen(response: TestResponse) -> str:
    """Everything that a stranger sees of an answer, with what is random masked."""
    shown = "\n".join([response.status, *map(str, sorted(response.headers.items())), response.text])
    for mask in MASKS:
        shown = re.sub(mask, "#", shown)
    return shown


def twin_of(browser: Browser, service: Service) -> Browser:
    """A second copy of a browser, cookies and all, for sending at the same moment."""
    twin = Browser(service)
    for name, value in browser.cookies().items():
        twin.client.set_cookie(name, value, domain="id.example.com", secure=True)
    return twin


def hidden_in(page: TestResponse) -> dict[str, str]:
    """The hidden fields of a page."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))


def asked_by_a_stranger(service: Service, typed: str) -> str:
    """Ask, look at the page for the code, try a code; gives all that was seen."""
    browser = Browser(service)
    answer = ask(browser, typed)
    page = browser.follow(answer)
    return "\n".join([seen(answer), seen(page), seen(browser.submit(page, {"code": WRONG_CODE}))])


STRANGERS = ["vera", "noone-mails", "passwordless", "disabled", "nobody", "nobody@example.com", "vera@example.com"]


def test_the_reply_is_the_same_for_every_input(service: Service) -> None:
    """T31: known, unknown, unconfirmed, disabled, unusable: byte for byte the same, but for what is random."""
    known = asked_by_a_stranger(service, "dana")
    for typed in (*STRANGERS, "dana@example.com", "x" * 300, "\u202edana"):
        assert known == asked_by_a_stranger(service, typed), typed


def test_the_work_is_the_same_for_every_input(service: Service) -> None:
    """T32: the same statements in the same order, whether anybody answers to what was typed or not."""

    def statements(typed: str) -> list[str]:
        browser = Browser(service)
        page = browser.get("/recover")
        with statements_of(service.database.engine) as sent:
            code_page = browser.follow(ask(browser, typed, page=page))
            browser.submit(code_page, {"code": WRONG_CODE})
        return list(sent)

    service.watch.stop()  # what it asks meanwhile is no part of the answer
    known = statements("dana")
    for typed in ("nobody", "vera", "disabled", "passwordless", "nobody@example.com"):
        assert known == statements(typed), typed


def test_nothing_is_sent_to_an_address_that_is_not_known_to_be_theirs(service: Service) -> None:
    """Only a confirmed address of an active account with a password gets a mail."""
    for typed in STRANGERS:
        ask(Browser(service), typed)
    assert [] == deliver(service)


@pytest.mark.parametrize(
    "typed",
    ["dana@example.com", "DANA@EXAMPLE.COM", "\uff44ana@example.com", "dana@example.com ", "da\u200dna@example.com"],
)
def test_mail_goes_to_the_stored_address_alone(service: Service, typed: str) -> None:
    """T59: a spelling that folds to an address is answered at the address that is stored."""
    ask(Browser(service), typed)
    assert ["dana@example.com"] == [mail.recipient for mail in deliver(service)]


@pytest.mark.parametrize(
    "typed",
    ["dana@example.com,thief@evil.example", "dana@example.com\r\nBcc: thief@evil.example", "dana@example.com%0a"],
)
def test_a_second_address_is_no_address(service: Service, typed: str) -> None:
    """T26, T60: nothing typed adds a recipient or a header."""
    for choice in ("password", "user_id"):
        ask(Browser(service), typed, choice=choice)
    assert [] == deliver(service)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example;proto=http"},
        {"X-Forwarded-Proto": "http"},
        {"X-Original-Host": "evil.example"},
    ],
)
def test_the_link_leads_to_the_issuer_whatever_the_request_says(service: Service, headers: dict[str, str]) -> None:
    """T80: no header poisons the link."""
    browser = Browser(service)
    page = browser.get("/recover", headers=headers)
    browser.post("/recover", {**hidden_in(page), "choice": "password", "identifier": "dana"}, headers=headers)
    mail = deliver(service)[0]
    assert link_in(mail).startswith("https://id.example.com/reset-password?token=")
    assert "evil" not in mail.text + mail.html


def test_an_unknown_host_is_refused(service: Service) -> None:
    """T80: a request that names another host gets nothing."""
    assert 421 == Browser(service).client.get("/recover", base_url="https://evil.example").status_code


def test_what_a_browser_calls_itself_is_not_repeated(service: Service) -> None:
    """A stranger's browser name could give orders to the reader of our mail."""
    ask(Browser(service, agent="<b>Call +1 555 6666 at once</b> Firefox/1.0 Windows"), "dana")
    mail = deliver(service)[0]
    assert "6666" not in mail.text + mail.html
    assert "Firefox on Windows" in mail.text


def test_no_mailed_secret_is_stored_or_shown(service: Service, database_url: str) -> None:
    """T26: neither code nor link is in the database or in any answer before it is presented."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "dana"))
    mail = deliver(service)[0]
    code, token = code_in(mail).replace("-", ""), link_in(mail).partition("token=")[2]
    stored = ""
    with service.database.reading() as connection:
        for table in ("outbox", "recoveries", "audit_events", "guess_counters"):
            stored += repr(connection.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608 - our own names
    for secret in (code, code_in(mail), token):
        assert secret not in stored
        assert secret not in page.text


def test_a_code_is_good_for_its_own_recovery_alone(service: Service) -> None:
    """T07: neither in another browser's recovery nor in another person's."""
    add_person(service, "tom")
    thief, browser = Browser(service), Browser(service)
    page = browser.follow(ask(browser, "dana"))
    code = code_in(deliver(service)[0])
    for target in ("dana", "tom"):
        refused = thief.submit(thief.follow(ask(thief, target)), {"code": code})
        assert "not the code" in refused.text
    assert 303 == browser.submit(page, {"code": code}).status_code


def test_an_older_code_is_void(service: Service, clock: SettableClock) -> None:
    """T07: what was mailed before the newest mail opens nothing, by code or by link."""
    first, second = Browser(service), Browser(service)
    page = first.follow(ask(first, "dana"))
    older = deliver(service)[0]
    clock.advance(121)
    ask(second, "dana@example.com")
    assert 2 == len(deliver(service))
    assert "not the code" in first.submit(page, {"code": code_in(older)}).text
    assert ENDED == heading(first.get(link_in(older)))


def test_a_code_lives_ten_minutes(service: Service, clock: SettableClock) -> None:
    """Nor one second more."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "dana"))
    mail = deliver(service)[0]
    clock.advance(601)
    assert ENDED == heading(browser.submit(page, {"code": code_in(mail)}))
    assert ENDED == heading(browser.get(link_in(mail)))


def test_a_code_is_used_once(service: Service) -> None:
    """T09: of twenty at the same moment one succeeds; the link of the mail is used up with it."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "dana"))
    mail = deliver(service)[0]

    def present() -> int:
        twin = twin_of(browser, service)
        return twin.post(page.request.full_path, {**hidden_in(page), "code": code_in(mail)}).status_code

    results = at_once(8, present)
    assert 1 == results.count(303), results
    assert ENDED == heading(browser.get(link_in(mail)))


def test_a_pass_changes_the_password_once(service: Service) -> None:
    """The page cannot be sent a second time, with whatever password."""
    browser = Browser(service)
    page = prove(service, browser)
    twin = twin_of(browser, service)
    assert 303 == browser.submit(page, {"new_password": NEW_PASSWORD}).status_code
    again = twin.submit(page, {"new_password": "a thief would like this"}, path=page.request.full_path)
    assert (400, ENDED) == (again.status_code, heading(again))


@pytest.mark.parametrize("stage", ["mailed", "proved"])
def test_a_changed_password_voids_what_was_mailed(service: Service, clock: SettableClock, stage: str) -> None:
    """Whatever way the password was changed meanwhile."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "dana"))
    mail = deliver(service)[0]
    if stage == "proved":
        page = browser.follow(browser.submit(page, {"code": code_in(mail)}))
    with service.database.writing() as connection:
        account_id = connection.execute(text("SELECT id FROM accounts WHERE user_id = 'dana'")).scalar_one()
        stored = service.parts.hasher.hash("changed on another path")
        set_password(connection, account_id=account_id, stored=stored, must_change=False, now=clock())
    sent = browser.submit(page, {"code": code_in(mail), "new_password": NEW_PASSWORD})
    assert ENDED == heading(sent)


@pytest.mark.parametrize("typed", ["dana", "nobody"])
def test_guesses_share_one_budget(service: Service, clock: SettableClock, typed: str) -> None:
    """T37, T38: many recoveries at once, or one mail after another, buy no eleventh guess; unknown people likewise."""
    answers = []
    for number in range(12):
        browser = Browser(service, address=f"198.51.100.{number}")
        page = browser.follow(ask(browser, typed))
        answers.append(browser.submit(page, {"code": WRONG_CODE}).status_code)
        clock.advance(121)
        deliver(service)
    assert [200] * 10 + [429] * 2 == answers


def test_parallel_guesses_stay_in_the_budget(service: Service) -> None:
    """Counting comes before checking, so that a race buys nothing."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "dana"))
    deliver(service)

    def guess() -> list[int]:
        twin = twin_of(browser, service)
        sent = {**hidden_in(page), "code": WRONG_CODE}
        return [twin.post(page.request.full_path, sent).status_code for _ in range(4)]

    answers = [status for statuses in at_once(6, guess) for status in statuses]
    assert 10 == answers.count(200), answers


def test_a_locked_code_leaves_the_owners_link_open(service: Service) -> None:
    """T41: strangers who use up the guesses do not shut the owner out."""
    owner = Browser(service)
    ask(owner, "dana")
    mail = deliver(service)[0]
    thief = Browser(service, address="203.0.113.9")
    page = thief.follow(ask(thief, "dana"))
    for _ in range(11):
        page = thief.submit(page, {"code": WRONG_CODE})
    assert 429 == page.status_code
    chosen = owner.follow(owner.submit(owner.get(link_in(mail)), {}))
    assert 303 == owner.submit(chosen, {"new_password": NEW_PASSWORD}).status_code


def test_a_mailbox_is_not_flooded(service: Service, clock: SettableClock) -> None:
    """T45: one mail in two minutes and ten in a day, by whichever name and from wherever; the reply stays the same."""
    for number in range(30):
        name = ("dana", "dana@example.com", "DANA")[number % 3]
        assert 303 == ask(Browser(service, address=f"203.0.113.{number}"), name).status_code
        ask(Browser(service, address=f"203.0.113.{number}"), name)
        clock.advance(121)
        deliver(service)
    assert 10 == len(deliver(service))


def test_a_network_that_asks_for_everybody_is_told_to_wait(service: Service) -> None:
    """That says nothing about who exists; other networks go on."""
    browser = Browser(service)
    answers = [ask(browser, f"person-{number}").status_code for number in range(62)]
    assert [303] * 60 + [429] * 2 == answers
    assert 303 == ask(Browser(service, address="203.0.113.1"), "dana").status_code


def test_sending_the_form_twice_is_asking_once(service: Service) -> None:
    """A double click leads to the same page and to one mail."""
    browser = Browser(service)
    page = browser.get("/recover")
    first, second = ask(browser, "dana", page=page), ask(browser, "dana", page=page)
    assert first.headers["Location"] == second.headers["Location"]
    assert 1 == len(deliver(service))


def test_a_mail_scanner_uses_nothing_up(service: Service) -> None:
    """Programs that open the links of a mail, and some that send the forms they find, change nothing."""
    owner, scanner = Browser(service), Browser(service, agent="Scanner/1.0")
    ask(owner, "dana")
    mail = deliver(service)[0]
    for _ in range(3):
        opened = scanner.get(link_in(mail))
        scanner.client.head(link_in(mail), base_url="https://id.example.com")
        assert "Enter the code" in scanner.submit(opened, {}).text
    assert "Choose a new password" == heading(owner.follow(owner.submit(owner.get(link_in(mail)), {})))


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
        hidden |= hidden_in(answer)
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


def test_a_reset_lifts_the_rest_after_wrong_passwords(service: Service) -> None:
    """Whoever proved the mailbox does not wait for what strangers have guessed."""
    browser = Browser(service)
    answers = [browser.sign_in(browser.get("/account"), password="wrong").status_code for _ in range(11)]
    assert [200] * 10 + [429] == answers
    reset(service, browser)
    answer = browser.follow(browser.sign_in(browser.get("/account"), password=NEW_PASSWORD))
    assert "Your account" == heading(answer)
