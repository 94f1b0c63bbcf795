"""The right moment: between what one transaction has read and what another ends, and while the service is failing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from idp.acts.change_password import change_password
from idp.acts.new_password import NewPassword
from idp.acts.verify_password import PasswordVerifier
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.passwords.credentials import set_password
from idp.passwords.gate import HashingBusy, HashingGate
from idp.passwords.hasher import CHEAP_FOR_TESTS, Hasher
from idp.storage.database import StorageUnavailable
from tests.support.attacked import Target
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.nodes import at, nodes_on, outcome, twin_of
from tests.support.racing import at_once

RIGHT = {"user_id": "dana", "password": PASSWORD}
NEW_PASSWORD = "another battery staple for horses"


@pytest.fixture
def nodes(new_postgresql_url: Callable[[], str], tmp_path: Path) -> Iterator[list[Service]]:
    """Give two nodes on PostgreSQL, where transactions really overlap."""
    with nodes_on(new_postgresql_url(), tmp_path) as running:
        add_person(running[0])
        yield running


@contextmanager
def held_at(node: Service, words: str) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Stop a node's statement with these words before it is sent; gives "it has come there" and "let it go on"."""
    reached, go_on = threading.Event(), threading.Event()

    def pause(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if words in statement:
            reached.set()
            go_on.wait(3.0)

    event.listen(node.database.engine, "before_cursor_execute", pause)
    try:
        yield reached, go_on
    finally:
        go_on.set()
        event.remove(node.database.engine, "before_cursor_execute", pause)


def test_signing_out_catches_a_code_that_is_being_issued(nodes: list[Service]) -> None:
    """Single sign-on has read the session and not yet written its grant, when the person signs out on another node."""
    first, second = nodes
    app = App.register(first)
    browser = Browser(first)
    app.tokens(browser, scope="openid offline_access")
    elsewhere = twin_of(browser, second)
    question = elsewhere.get("/end-session")
    answers: list[Any] = []
    issuing = threading.Thread(
        target=lambda: answers.append(app.ask(browser, prompt="none", scope="openid offline_access"))
    )
    leaving = threading.Thread(target=lambda: answers.append(elsewhere.submit(question, {"action": "sign-out"})))
    with held_at(first, "INSERT INTO grants") as (reached, go_on):
        issuing.start()
        assert reached.wait(5.0)
        leaving.start()
        leaving.join(0.3)
        go_on.set()
        issuing.join()
        leaving.join()
    code = next(app.answer(answer)["code"] for answer in answers if outcome(answer) == "code")
    assert "invalid_grant" == outcome(app.exchange(code))


def test_a_new_password_catches_a_sign_in_that_is_being_written(nodes: list[Service]) -> None:
    """The thief's sign-in with the old password has been checked and not yet committed, when the owner replaces it."""
    first, second = nodes
    app = App.register(first)
    thief = Browser(first)
    page = thief.follow(app.ask(thief, scope="openid offline_access"))
    account_id = add_person(first, "owner")
    fields = {"user_id": "owner", "password": PASSWORD}
    with held_at(first, "INSERT INTO grants") as (reached, go_on):
        answers: list[Any] = []
        signing_in = threading.Thread(target=lambda: answers.append(thief.submit(page, fields)))
        signing_in.start()
        assert reached.wait(5.0)
        stored = second.parts.hasher.hash(NEW_PASSWORD)
        with second.database.writing() as connection:
            change_password(
                connection,
                account_id=account_id,
                new=NewPassword(stored=stored, short=False),
                visitor=Visitor(address="", user_agent=None, reference="TEST"),
                entropy=second.entropy,
                now=second.clock(),
            )
        go_on.set()
        signing_in.join()
    assert "invalid_grant" == outcome(app.exchange(app.answer(answers[0])["code"]))
    assert "access_denied" == outcome(app.ask(thief, prompt="none"))


def test_silent_requests_of_one_session_at_once_all_succeed(nodes: list[Service]) -> None:
    """Holding the session must not make its own tabs wait for each other for ever."""
    app = App.register(nodes[0])
    browser = Browser(nodes[0])
    app.code(browser)
    nodes[1].watch.poll_once()
    turns = iter(nodes * 10)

    def ask() -> str:
        node = next(turns)
        return outcome(at(app, node).ask(twin_of(browser, node), prompt="none"))

    assert {"code"} == set(at_once(20, ask))


def test_an_old_password_proved_in_time_opens_nothing_after_the_change(sqlite_url: str, tmp_path: Path) -> None:
    """The thief, who knows the leaked password, waits with it proved until the owner has replaced it."""
    clock = SettableClock()
    with issuer_on(sqlite_url, tmp_path, clock=clock) as service:
        account_id = add_person(service)
        app = App.register(service)
        stranger = App.register(service, "stranger", first_party=False)
        asking = Browser(service)
        page = asking.follow(asking.sign_in(stranger.ask(asking)))
        assert "page:/consent" == outcome(page)
        with service.database.writing() as connection:
            stored = service.parts.hasher.hash(PASSWORD)
            set_password(connection, account_id=account_id, stored=stored, must_change=True, now=clock())
        clock.advance(1.0)
        service.watch.poll_once()
        changing = Browser(service)
        due = changing.follow(changing.sign_in(app.ask(changing)))
        assert "page:/change-password" == outcome(due)
        clock.advance(1.0)
        owner = Browser(service)
        own = owner.follow(owner.sign_in(app.ask(owner)))
        assert "code" == outcome(owner.submit(own, {"new_password": NEW_PASSWORD, "action": "change"}))
        assert "access_denied" == outcome(asking.submit(page, {"action": "allow"}))
        assert "access_denied" == outcome(changing.submit(due, {"new_password": "x" * 20, "action": "change"}))
        assert "code" == outcome(app.ask(owner, prompt="none"))


def test_a_journey_survives_a_database_that_fails_for_a_moment(target: Target) -> None:
    """The write fails, the person is told to try again, and the very page that is open works."""
    service, app = target.service, target.app
    browser = Browser(service)
    page = browser.follow(app.ask(browser))

    def fail(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "INSERT INTO grants" in statement:
            raise StorageUnavailable("for a moment")

    event.listen(service.database.engine, "before_cursor_execute", fail)
    assert "shown:503" == outcome(browser.submit(page, RIGHT))
    event.remove(service.database.engine, "before_cursor_execute", fail)
    assert "code" == outcome(browser.submit(page, RIGHT))


def test_a_flood_uses_up_nobodys_guesses(target: Target) -> None:
    """Sign-ins that were sent away unchecked do not count as wrong ones."""
    service = target.service
    gate = HashingGate(1, waiting=0)
    hasher = Hasher(CHEAP_FOR_TESTS, service.secrets.pepper, gate, entropy=service.entropy)
    verifier = PasswordVerifier(
        service.database,
        hasher,
        service.secrets.mac_key("lookup"),
        clock=service.clock,
        entropy=service.entropy,
    )
    asked: dict[str, Any] = {
        "typed": "dana",
        "password": PASSWORD,
        "client_id": None,
        "visitor": Visitor(address="192.0.2.99", user_agent=None, reference="TEST"),
    }
    with gate.admitted():
        for _ in range(12):
            with pytest.raises(HashingBusy):
                verifier.check(**asked)
    assert target.subs["dana"] == verifier.check(**asked).account_id
