"""Many guesses, many mails: the budgets of recovery, which stop strangers and never the owner (T37, T38, T41, T45)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields, twin_of
from tests.support.racing import at_once
from tests.support.recovery import (
    NEW_PASSWORD,
    WRONG_CODE,
    ask,
    deliver,
    heading,
    link_in,
    reset,
)


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


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
        sent = {**hidden_fields(page), "code": WRONG_CODE}
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


def test_a_reset_lifts_the_rest_after_wrong_passwords(service: Service, clock: SettableClock) -> None:
    """Whoever proved the mailbox does not wait for what strangers have guessed."""
    browser = Browser(service)
    answers = []
    for _ in range(11):
        answers.append(browser.sign_in(browser.get("/account"), password="wrong").status_code)
        clock.advance(8.0)
    assert [200] * 10 + [429] == answers
    reset(service, browser)
    answer = browser.follow(browser.sign_in(browser.get("/account"), password=NEW_PASSWORD))
    assert "Your account" == heading(answer)
