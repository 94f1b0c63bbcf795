"""Strangers who know a name: they neither shut its owner out of recovery, nor learn anything by it (T41, T45)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields, twin_of
from tests.support.racing import at_once
from tests.support.recovery import NEW_PASSWORD, WRONG_CODE, ask, code_in, deliver, link_in, prove

OTHER_PASSWORD = "a lantern over quiet water 31"


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana."""
    with issuer_on(sqlite_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        yield running


def test_a_strangers_mail_serves_the_owner(service: Service) -> None:
    """Who holds a mail's link types its code out of a budget of their own, which strangers cannot use up."""
    stranger = Browser(service, address="203.0.113.9")
    page = stranger.follow(ask(stranger, "dana"))
    mail = deliver(service)[0]
    answers = [stranger.submit(page, {"code": WRONG_CODE}, path=page.request.full_path).status_code for _ in range(11)]
    assert [200] * 10 + [429] == answers
    owner = Browser(service)
    chosen = owner.follow(owner.submit(owner.get(link_in(mail)), {"code": code_in(mail)}))
    assert 303 == owner.submit(chosen, {"new_password": NEW_PASSWORD}).status_code


def test_a_link_buys_ten_guesses_at_its_code(service: Service) -> None:
    """A link that leaked alone is good for no more guesses than any recovery."""
    ask(Browser(service), "dana")
    mail = deliver(service)[0]
    finder = Browser(service, address="203.0.113.9")
    page = finder.get(link_in(mail))
    answers = [finder.submit(page, {"code": WRONG_CODE}).status_code for _ in range(12)]
    assert [200] * 10 + [429] * 2 == answers
    assert 429 == finder.submit(page, {"code": code_in(mail)}).status_code


def test_strangers_do_not_use_up_the_mails_of_a_known_browser(service: Service, clock: SettableClock) -> None:
    """Ten mails in a day for all strangers together; the owner's own browser has mails of its own."""
    owner = Browser(service)
    assert 303 == owner.sign_in(owner.get("/account")).status_code
    for number in range(11):
        ask(Browser(service, address=f"203.0.113.{number}"), "dana")
        clock.advance(121)
    before = len(deliver(service))
    assert 303 == ask(Browser(service), "dana").status_code
    assert before == len(deliver(service))
    assert 303 == ask(owner, "dana").status_code
    assert before + 1 == len(deliver(service))


def test_neighbours_do_not_use_up_the_requests_of_a_known_browser(service: Service) -> None:
    """Sixty in an hour for the unknown browsers of a network, which a single one of them can use up."""
    owner, neighbour = Browser(service), Browser(service)
    assert 303 == owner.sign_in(owner.get("/account")).status_code
    answers = [ask(neighbour, f"person-{number}").status_code for number in range(61)]
    assert [303] * 60 + [429] == answers
    assert 303 == ask(owner, "dana").status_code
    assert 1 == len(deliver(service))


def test_a_known_browser_floods_no_mailbox_either(service: Service, clock: SettableClock) -> None:
    """A copied device cookie buys ten mails in a day, and none for other people's mailboxes."""
    add_person(service, "erin")
    owner = Browser(service)
    assert 303 == owner.sign_in(owner.get("/account")).status_code
    for _ in range(12):
        ask(owner, "dana")
        ask(owner, "dana")
        clock.advance(121)
    for number in range(11):
        ask(Browser(service, address=f"203.0.113.{number}"), "erin")
        clock.advance(121)
    sent = deliver(service)
    ask(owner, "erin")
    assert (10, 10) == (
        len([mail for mail in sent if mail.recipient == "dana@example.com"]),
        len([mail for mail in deliver(service) if mail.recipient == "erin@example.com"]),
    )


def test_the_page_for_a_new_password_is_no_place_to_guess_the_present_one(service: Service) -> None:
    """Who holds the mailbox alone may set a password, and not try hundreds of others against the present one."""
    reader = Browser(service)
    page = prove(service, reader)

    def tries(password: str) -> list[int]:
        fields = {"new_password": password, "sign_out": "yes"}
        return [reader.submit(page, fields, path=page.request.full_path).status_code for _ in range(25)]

    assert [200] * 25 == tries("too short")
    assert [200] * 20 + [429] * 5 == tries(PASSWORD)


def test_two_recoveries_that_end_at_once(postgresql_url: str, tmp_path: Path, clock: SettableClock) -> None:
    """The one that comes first sets the password; the other is over, and neither waits for the other for ever.

    Each brings a password of its own: were they the same, the second could be told that it was used before.
    """
    with issuer_on(postgresql_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as service:
        add_person(service)
        ready = []
        for browser, password in (
            (Browser(service), NEW_PASSWORD),
            (Browser(service, address="203.0.113.8"), OTHER_PASSWORD),
        ):
            ready.append((browser, prove(service, browser), password))
            clock.advance(121)

        def end() -> tuple[int, str]:
            browser, page, password = ready.pop()
            form = hidden_fields(page) | {"new_password": password, "sign_out": "yes"}
            return twin_of(browser, service).post(page.request.full_path, form).status_code, password

        (won, chosen), (lost, _) = sorted(at_once(2, end))
        assert (303, 400) == (won, lost)
        person = Browser(service)
        assert 303 == person.sign_in(person.get("/account"), password=chosen).status_code
