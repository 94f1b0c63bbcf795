"""Attacks on acts that take two people: alone, twice, in parallel, late, by the wrong person, with other arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from idp.acts.approvals import APPROVAL_SECONDS, break_glass, is_same_person, propose
from idp.acts.standing import Standing
from idp.acts.two_person_acts import Doing, TwoPersonAct, weakens
from idp.app import Service
from idp.audit.models import EVENTS
from idp.delivery.models import OUTBOX
from idp.mfa.factors import list_factors
from idp.mfa.policy import MFA, PHISHING_RESISTANT, PWD
from idp.storage.approval_models import ApprovalRow
from idp.storage.approval_rows import done_alone_since, find_approval
from idp.storage.key_rows import read_ring
from tests.support.account_pages import press
from tests.support.clock import SettableClock
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.second_factors import add_app
from tests.support.staff import console, hire


class World:
    """Sofia and Sergei, signed in, and dana with an authenticator app."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.dana = add_person(service, "dana")
        add_app(service, self.dana)
        self.sofia, self.sergei = hire(service, "sofia"), hire(service, "sergei")
        self.browsers = {person.user_id: Browser(service) for person in (self.sofia, self.sergei)}
        for person in (self.sofia, self.sergei):
            console(self.browsers[person.user_id], person)

    def doing(self, actor: str = "cli:root@node") -> Doing:
        """Say who acts."""
        service = self.service
        return Doing(reference="TEST", actor=actor, entropy=service.entropy, now=service.clock())

    def proposed(self, actor: str = "cli:root@node") -> str:
        """Have dana's reset proposed."""
        with self.service.database.writing() as connection:
            arguments = {"account_id": self.dana}
            return propose(connection, TwoPersonAct.RESET_FACTOR, arguments, doing=self.doing(actor)).id

    def decide(self, approval_id: str, user_id: str = "sergei", action: str = "approve") -> TestResponse:
        """Open the page and press the button."""
        browser = self.browsers[user_id]
        return press(browser, browser.get(f"/security/approvals/{approval_id}"), action)

    def is_reset(self) -> bool:
        """Whether dana has lost the app."""
        with self.service.database.reading() as connection:
            return not list_factors(connection, account_id=self.dana)

    def count(self, type: str) -> int:
        """Say how often something was recorded."""
        with self.service.database.reading() as connection:
            of_type = select(func.count()).select_from(EVENTS).where(EVENTS.c.type == type)
            return connection.execute(of_type).scalar_one()


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock that stands still."""
    return SettableClock()


@pytest.fixture
def world(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[World]:
    """Give the world, on SQLite and on PostgreSQL."""
    with issuer_on(database_url, tmp_path, clock=clock) as service:
        yield World(service)


def test_a_second_person_approves_once(world: World) -> None:
    """What a shell proposed is done by one engineer's click, once; the trail names both."""
    approval_id = world.proposed()
    assert not world.is_reset()
    browser = world.browsers["sergei"]
    page = browser.get(f"/security/approvals/{approval_id}")
    assert world.dana in page.text
    assert 303 == press(browser, page, "approve").status_code
    assert world.is_reset()
    assert 409 == press(browser, page, "approve").status_code
    assert (1, 1, 1) == tuple(map(world.count, ("approval.proposed", "approval.approved", "factors.reset")))


def test_many_at_once_do_it_once(world: World) -> None:
    """Sofia and Sergei click in parallel."""
    approval_id = world.proposed()
    pages = {who: browser.get(f"/security/approvals/{approval_id}") for who, browser in world.browsers.items()}
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda who: press(world.browsers[who], pages[who], "approve").status_code, pages))
    assert [303, 409] == sorted(done)
    assert 1 == world.count("factors.reset")


def test_a_flood_of_proposals_pushes_none_off_the_page(world: World) -> None:
    """What was proposed first is still there to be refused, however many came after."""
    first = world.proposed("cli:root@node")
    for _ in range(120):
        world.proposed("cli:mallory@node")
    assert f"/security/approvals/{first}" in world.browsers["sergei"].get("/security/approvals").text


def test_nobody_approves_their_own(world: World) -> None:
    """Neither who proposed in the console nor a shell of the same name; a form posted by hand does not help."""
    for actor in (f"account:{world.sofia.account_id}", "cli:Sofia@node"):
        approval_id = world.proposed(actor)
        browser = world.browsers["sofia"]
        own = browser.get(f"/security/approvals/{approval_id}")
        assert 'value="approve"' not in own.text
        with world.service.database.reading() as connection:
            seen = find_approval(connection, approval_id).digest.hex()  # type: ignore[union-attr]
        token = re.search(
            r'"/security/approvals/[^>]+>\s*<input type="hidden" name="form_token" value="([^"]+)"', own.text
        )
        assert token
        forged = {"form_token": token[1], "action": "approve", "seen": seen}
        assert 409 == browser.post(f"/security/approvals/{approval_id}", forged).status_code
        assert not world.is_reset()
        assert 303 == world.decide(approval_id, "sofia", "refuse").status_code  # taken back


def test_what_was_refused_or_is_late_is_not_done(world: World, clock: SettableClock) -> None:
    """Refused is refused; half an hour is half an hour."""
    approval_id = world.proposed()
    pages = {who: browser.get(f"/security/approvals/{approval_id}") for who, browser in world.browsers.items()}
    assert 303 == press(world.browsers["sofia"], pages["sofia"], "refuse").status_code
    assert 409 == press(world.browsers["sergei"], pages["sergei"], "approve").status_code
    late = world.proposed()
    clock.advance(APPROVAL_SECONDS)
    world.service.watch.poll_once()
    browser = Browser(world.service)
    page = console(browser, world.sergei, f"/security/approvals/{late}")
    assert "Nothing is left to decide here." in page.text
    assert not world.is_reset()


def test_what_is_done_is_what_was_seen(world: World) -> None:
    """Arguments exchanged in the database, between the page and the click, are noticed."""
    approval_id = world.proposed()
    browser = world.browsers["sergei"]
    page = browser.get(f"/security/approvals/{approval_id}")
    with world.service.database.writing() as connection:
        connection.execute(update(ApprovalRow).values(arguments={"account_id": world.sofia.account_id}))
    assert 409 == press(browser, page, "approve").status_code
    assert 0 == world.count("factors.reset")


def test_an_old_sign_in_approves_nothing(world: World, clock: SettableClock) -> None:
    """Six minutes after signing in the button leads to another sign-in."""
    approval_id = world.proposed()
    browser = world.browsers["sergei"]
    page = browser.get(f"/security/approvals/{approval_id}")
    clock.advance(301.0)
    world.service.watch.poll_once()
    assert "/sign-in" in press(browser, page, "approve").headers["Location"]
    assert not world.is_reset()


def test_an_act_that_fails_leaves_the_proposal_open(world: World) -> None:
    """Destroying a key that still signs is refused, and nothing of it is written."""
    with world.service.database.writing() as connection:
        kid = next(key.kid for key in read_ring(connection).records if key.state == "active" and key.public_jwk)
        approval_id = propose(connection, TwoPersonAct.DESTROY_KEY, {"kid": kid}, doing=world.doing()).id
    assert 409 == world.decide(approval_id).status_code
    with world.service.database.reading() as connection:
        approval = find_approval(connection, approval_id)
        assert approval is not None
        assert approval.is_open(world.service.clock())
    assert 0 == world.count("approval.approved")


def test_broken_glass_is_loud(world: World) -> None:
    """Done alone: a mail to each engineer, an event, and a line in the console for thirty days."""
    with world.service.database.writing() as connection:
        arguments = {"account_id": world.dana}
        break_glass(connection, TwoPersonAct.RESET_FACTOR, arguments, reason="it was night", doing=world.doing())
    assert world.is_reset()
    assert 1 == world.count("approval.broken_glass")
    with world.service.database.reading() as connection:
        told = connection.execute(select(OUTBOX.c.recipient).where(OUTBOX.c.kind == "broken_glass")).scalars().all()
        assert {"sofia@example.com", "sergei@example.com"} == set(told)
        assert 1 == len(done_alone_since(connection, world.service.clock() - 60))
    assert "it was night" in world.browsers["sofia"].get("/security").text


@pytest.mark.parametrize(
    ("present", "changes", "weaker"),
    [
        (PHISHING_RESISTANT, {"minimum_acr": MFA}, True),
        (MFA, {"minimum_acr": PWD}, True),
        (MFA, {"minimum_acr": None}, True),
        (None, {"minimum_acr": PWD}, False),
        (PWD, {"minimum_acr": None}, False),
        (MFA, {"minimum_acr": PHISHING_RESISTANT}, False),
        (MFA, {"client_name": "x"}, False),
    ],
)
def test_what_weakens_a_client(present: str | None, changes: dict[str, str | None], weaker: bool) -> None:  # noqa: FBT001 - the case's own value
    """Lower, or none where there was more than a password."""
    assert weaker == weakens(present, changes)


@pytest.mark.parametrize(
    ("actor", "same"),
    [("account:a", True), ("account:b", False), ("cli:sofia@x", True), ("cli:SOFIA@x", True), ("cli:root@x", False)],
)
def test_who_is_the_same_person(actor: str, same: bool) -> None:  # noqa: FBT001 - the case's own value
    """An account is itself; a shell is whoever has its name."""
    sofia = Standing(
        account_id="a",
        user_id="sofia",
        kind="staff",
        status="active",
        not_before=None,
        reset_due=False,
        consented=frozenset(),
    )
    assert same == is_same_person(actor, replace(sofia))
