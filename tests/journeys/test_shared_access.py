"""Dana lets cora look at her contract, for a while; either of them ends it, and nobody else can do anything of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from werkzeug.test import TestResponse

from idp.accounts.delegation_policy import DAY, LONGEST_SECONDS, OFFER_SECONDS
from idp.acts.after_restore import after_restore
from idp.app import Service
from idp.operating.housekeeping import end_what_is_due
from tests.protocol.world import claims_of
from tests.support.account_pages import account_id_of, open_page, press, seen, send
from tests.support.clock import SettableClock
from tests.support.contracts import contract, feed
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.nodes import outcome
from tests.support.racing import at_once
from tests.support.recovery import deliver

SCOPE = "openid contracts offline_access payments.create payees.write"
HOLDER = ("P-1", "holder", "dana")


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, who holds a contract, cora, and eve."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        for user_id in ("dana", "cora", "eve"):
            add_person(running, user_id)
        feed(running, contract("CF-1001", HOLDER), contract("CF-2002", ("P-9", "guarantor", "dana")))
        clock.advance(1.0)
        yield running


@pytest.fixture
def app(service: Service) -> App:
    """An app that wants to pay."""
    return App.register(service, scope=SCOPE)


def mails_to(service: Service, address: str) -> list[str]:
    """Deliver what waits, and give the mails to an address, oldest first."""
    return [f"{mail.subject}\n{mail.text}" for mail in reversed(deliver(service)) if address in mail.recipient]


def a_second_later(service: Service) -> None:
    """Let what was issued in this second be of the past, and the node look at the database."""
    cast("SettableClock", service.clock).advance(1.0)
    service.watch.poll_once()


def day(service: Service, days: float) -> str:
    """A day from now on, as a form has it."""
    return datetime.fromtimestamp(service.clock() + days * DAY, UTC).date().isoformat()


def offer(service: Service, browser: Browser, user_id: str = "dana", **changes: str) -> TestResponse:
    """Have dana invite cora to look, for a month."""
    page = open_page(browser, "/account/share", user_id=user_id)
    (form,) = re.findall(r'<form method="post" action="/account/share".*?</form>', page.text, re.DOTALL)
    fields = {"number": "CF-1001", "address": "cora@example.com", "permission": "view", "until": day(service, 30)}
    return browser.follow(send(browser, form, **fields | changes))


def shared(browser: Browser, user_id: str) -> TestResponse:
    """Open the page of shares."""
    return open_page(browser, "/account/shared", user_id=user_id)


def accept(service: Service, user_id: str = "cora", button: str = "accept") -> TestResponse:
    """Have somebody answer what is offered to them."""
    browser = Browser(service)
    page = browser.follow(press(browser, shared(browser, user_id), button))
    a_second_later(service)
    return page


def tokens_of(app: App, user_id: str) -> dict[str, str]:
    """Sign somebody in."""
    return app.tokens(Browser(app.service), user_id=user_id, scope=SCOPE)


def test_cora_looks_and_changes_nothing(service: Service, app: App) -> None:
    """Invited by mail, accepted on her account page; her tokens say who lets her, what, and until when."""
    dana = Browser(service)
    assert "The offer is on its way" in seen(offer(service, dana))
    (mail,) = mails_to(service, "cora@example.com")
    assert {"CF-1001" in mail, "look, and change nothing" in mail, "type our address" in mail} == {True}
    assert "/account" not in mail
    assert "access_token" in tokens_of(app, "cora")
    assert [] == claims_of(tokens_of(app, "cora")["access_token"])["contracts"]

    page = accept(service)
    assert "You have access now" in seen(page)
    tokens = tokens_of(app, "cora")
    (told,) = claims_of(tokens["access_token"])["contracts"]
    assert ("CF-1001", "delegate", ["view"]) == (told["number"], told["role"], told["permissions"])
    assert (account_id_of(service), account_id_of(service, "cora")) == (told["sub"], told["act"]["sub"])
    assert told["until"] > service.clock()
    assert "openid contracts offline_access" == tokens["scope"]
    assert "The" in seen(shared(dana, "dana"))
    assert "look, and change nothing" in seen(shared(dana, "dana"))


@pytest.mark.parametrize("side", ["dana", "cora"])
def test_either_ends_it(service: Service, app: App, side: str) -> None:
    """Within a second nothing of it is left; what only paid ends with it, and both are told."""
    offer(service, Browser(service), permission="pay")
    accept(service)
    tokens = tokens_of(app, "cora")
    assert "payments.create" in tokens["scope"]
    assert "payees.write" not in tokens["scope"]
    (told,) = claims_of(tokens["access_token"])["contracts"]
    assert (["pay"], "amount_due") == (told["permissions"], told["limit"])
    browser = Browser(service)
    page = browser.follow(press(browser, shared(browser, side), "end"))
    assert "That is over, everywhere" in seen(page)
    assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
    assert "invalid_grant" == outcome(app.refresh(tokens["refresh_token"]))
    a_second_later(service)
    fresh = tokens_of(app, "cora")
    assert ([], False) == (claims_of(fresh["access_token"])["contracts"], "payments" in fresh["scope"])
    for address in ("dana@example.com", "cora@example.com"):
        assert any("Shared access to a contract ended" in mail for mail in mails_to(service, address))


def test_nobody_else_accepts_or_ends_it(service: Service) -> None:
    """Neither a stranger, nor the party herself, nor an account whose address is not confirmed; declined is over."""
    offer(service, Browser(service))
    (share,) = set(re.findall(r'name="share" value="([^"]+)"', shared(Browser(service), "cora").text))
    add_person(service, "cora2", email="cora@example.com", email_verified=False)
    feed(
        service, contract("CF-1001", HOLDER), contract("CF-3003", ("P-3", "holder", "eve"), ("P-4", "holder", "cora2"))
    )
    for user_id in ("eve", "cora2"):
        browser = Browser(service)
        # A share of their own, so that their page has a form to alter.
        offer(service, browser, user_id, number="CF-3003", address=f"friend-of-{user_id}@example.com")
        page = shared(browser, user_id)
        assert "invited" not in seen(page)
        for action in ("accept", "decline", "end"):
            form = sneaked(page, share)
            assert "done=gone" in send(browser, form, action=action).headers["Location"]
    browser = Browser(service)
    assert "done=gone" in send(browser, sneaked(shared(browser, "dana"), share), action="accept").headers["Location"]
    assert "That is over" in seen(accept(service, button="decline"))
    assert "invited" not in seen(shared(Browser(service), "cora"))


def sneaked(page: TestResponse, share: str) -> str:
    """A form of one's own page that names somebody's share."""
    token = re.findall(r'name="form_token" value="([^"]+)"', page.text)
    value = token[0] if token else "none"
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{text}">'
        for name, text in (("form_token", value), ("share", share))
    )
    return f'<form action="/account/shared">{hidden}</form>'


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "CF-2002"}, "Choose one of your contracts"),
        ({"number": "CF-9999"}, "Choose one of your contracts"),
        ({"address": "dana@example.com"}, "not your own"),
        ({"address": "cora@example.com, eve@example.com"}, "Enter one e-mail address"),
        ({"permission": "manage"}, "Choose what they may do"),
        ({"permission": ""}, "Choose what they may do"),
        ({"until": "tomorrow"}, "Choose a day"),
        ({"until": "9999-12-31"}, "Choose a day"),
        ({"until": "2000-01-01"}, "Choose a day"),
    ],
)
def test_what_cannot_be_shared(service: Service, changes: dict[str, str], said: str) -> None:
    """Only what one manages, to somebody else, to look or to pay, for a year at most."""
    assert said in seen(offer(service, Browser(service), **changes))
    assert "invited" not in seen(shared(Browser(service), "cora"))


def test_shared_once_with_an_address(service: Service) -> None:
    """Nor do ten parallel offers make two; ten mails a day are all that can be sent."""
    browser = Browser(service)
    page = open_page(browser, "/account/share")
    (form,) = re.findall(r'<form method="post" action="/account/share".*?</form>', page.text, re.DOTALL)
    fields = {"number": "CF-1001", "address": "cora@example.com", "permission": "view", "until": day(service, 30)}
    locations = at_once(5, lambda: send(browser, form, **fields).headers.get("Location"))
    assert 1 == len([location for location in locations if location])
    assert 1 == shared(Browser(service), "cora").text.count("You are invited to contract")


def test_time_ends_it(service: Service, app: App, clock: SettableClock) -> None:
    """A week before both are reminded, once; at the end nobody has to do anything."""
    offer(service, Browser(service), permission="pay")
    accept(service)
    clock.advance(25 * DAY)
    service.watch.poll_once()
    for _ in range(2):
        end_what_is_due(service)
    tokens = tokens_of(app, "cora")
    assert 1 == sum("ends soon" in mail for mail in mails_to(service, "cora@example.com"))
    clock.advance(6 * DAY)
    service.watch.poll_once()
    assert "payments" not in tokens_of(app, "cora")["scope"]
    end_what_is_due(service)
    assert "invalid_grant" == outcome(app.refresh(tokens["refresh_token"]))
    assert any("Shared access to a contract ended" in mail for mail in mails_to(service, "dana@example.com"))


def test_an_offer_waits_two_weeks(service: Service, clock: SettableClock) -> None:
    """Then it is gone."""
    offer(service, Browser(service), until=day(service, LONGEST_SECONDS / DAY - 2))
    clock.advance(OFFER_SECONDS + 1.0)
    service.watch.poll_once()
    assert "invited" not in seen(shared(Browser(service), "cora"))


def test_it_ends_with_the_part_that_it_came_from(service: Service, app: App, clock: SettableClock) -> None:
    """When the lender ends dana's part, her guest has none either."""
    offer(service, Browser(service), permission="pay")
    accept(service)
    tokens = tokens_of(app, "cora")
    feed(service, contract("CF-1001"))
    clock.advance(1.0)
    service.watch.poll_once()
    assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
    assert [] == claims_of(tokens_of(app, "cora")["access_token"])["contracts"]


def test_this_wasnt_me_ends_what_a_thief_has_shared(service: Service, app: App, clock: SettableClock) -> None:
    """The guest loses access at once, and cannot accept what was still on its way."""
    offer(service, Browser(service), permission="pay")
    accept(service)
    offer(service, Browser(service), address="eve@example.com")
    tokens = tokens_of(app, "cora")
    browser = Browser(service)
    page = open_page(browser, "/lock-down")
    (form,) = re.findall(r'<form method="post" action="/lock-down".*?</form>', page.text, re.DOTALL)
    send(browser, form)
    clock.advance(1.0)
    service.watch.poll_once()
    assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
    assert "invalid_grant" == outcome(app.refresh(tokens["refresh_token"]))
    assert [] == claims_of(tokens_of(app, "cora")["access_token"])["contracts"]
    assert "invited" not in seen(shared(Browser(service), "eve"))


def test_a_restore_brings_no_share_back(service: Service, app: App) -> None:
    """One that has ended since the backup is not good again: all end, and are shared anew."""
    offer(service, Browser(service))
    accept(service)
    with service.database.writing() as connection:
        ended = after_restore(connection, actor="test", entropy=service.entropy, now=service.clock())
    a_second_later(service)
    assert 1 == ended.shares
    assert [] == claims_of(tokens_of(app, "cora")["access_token"])["contracts"]


def test_sharing_takes_a_fresh_sign_in(service: Service, clock: SettableClock) -> None:
    """Whoever finds a browser open gives nobody access."""
    browser = Browser(service)
    open_page(browser, "/account/shared")
    clock.advance(301.0)
    service.watch.poll_once()
    assert 'name="password"' in browser.follow(browser.get("/account/share")).text


def test_the_trail_tells_who_did_what(service: Service) -> None:
    """Offered, accepted, ended: each on whom it is about."""
    offer(service, Browser(service))
    accept(service)
    browser = Browser(service)
    press(browser, shared(browser, "cora"), "end")
    with service.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT type, actor FROM audit_events WHERE type LIKE 'share.%%' ORDER BY id")
        told = [(row.type, row.actor) for row in rows]
    dana, cora = (f"account:{account_id_of(service, user_id)}" for user_id in ("dana", "cora"))
    assert [("share.offered", dana), ("share.accepted", cora), ("share.ended", cora)] == told
