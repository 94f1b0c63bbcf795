"""What a stranger learns by asking for a recovery, and where its mail goes: nothing, and to whom it belongs alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from idp.accounts.disable import disable_account
from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields
from tests.support.recovery import (
    WRONG_CODE,
    ask,
    code_in,
    deliver,
    link_in,
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
    browser.post("/recover", {**hidden_fields(page), "choice": "password", "identifier": "dana"}, headers=headers)
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
