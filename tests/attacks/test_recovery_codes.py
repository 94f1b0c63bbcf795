"""What thieves try with the code and the link of a recovery: other people's, old ones, and the same one many times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from idp.app import Service
from idp.passwords.credentials import set_password
from tests.support.clock import SettableClock
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields, twin_of
from tests.support.racing import at_once
from tests.support.recovery import (
    ENDED,
    NEW_PASSWORD,
    ask,
    code_in,
    deliver,
    heading,
    link_in,
)


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


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
        return twin.post(page.request.full_path, {**hidden_fields(page), "code": code_in(mail)}).status_code

    results = at_once(8, present)
    assert 1 == results.count(303), results
    assert ENDED == heading(browser.get(link_in(mail)))


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
