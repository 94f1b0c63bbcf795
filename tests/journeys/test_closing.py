"""Dana closes her account: signed out at once, thirty days to think again, then only her `sub` is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table, select

from idp.accounts.add import IdentifierTaken
from idp.accounts.contracts import contracts_of
from idp.accounts.find import find_by_id, find_by_identifier
from idp.acts.close_account import GRACE_SECONDS, WORKER, ask_to_close
from idp.acts.export_account import export_account
from idp.acts.personal_data import PERSON_TABLES
from idp.app import Service
from idp.cli.db import metadata
from idp.operating.housekeeping import end_what_is_due
from tests.support.account_pages import account_id_of, open_page, press, seen
from tests.support.clock import SettableClock
from tests.support.contracts import contract, feed, take_in
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.nodes import outcome
from tests.support.recovery import ask, deliver

ROOT = Path(__file__).parents[2]
SCOPE = "openid profile offline_access"
NOT_THE_PERSONS = {"outbox", "guess_counters", "audit_personal"}
"""What docs/data.md tells of beside the tables that name an account: they go by their own retention."""


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, who holds a contract."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        feed(running, contract("CF-1001", ("P-1", "holder", "dana")))
        clock.advance(1.0)
        yield running


def close(service: Service) -> None:
    """Two clicks from home."""
    browser = Browser(service)
    home = open_page(browser, "/account")
    assert 'href="/account/close"' in home.text
    done = browser.follow(press(browser, browser.follow(browser.get("/account/close")), "close"))
    assert "For 30 days you can sign in and keep the account" in seen(done)


def later(service: Service, clock: SettableClock, seconds: float) -> None:
    """Let time pass, and let the housekeeper do what is due."""
    clock.advance(seconds)
    service.watch.poll_once()
    end_what_is_due(service)


def test_everything_ends_at_once(service: Service, clock: SettableClock) -> None:
    """Sessions, tokens and codes; the mail says until when it can be kept, and how."""
    app, browser = App.register(service), Browser(service)
    tokens = app.tokens(browser, scope=SCOPE)
    code = app.answer(app.ask(browser, scope=SCOPE, prompt="none"))["code"]
    close(service)
    assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
    assert ["invalid_grant"] * 2 == [outcome(app.refresh(tokens["refresh_token"])), outcome(app.exchange(code))]
    assert "login_required" == outcome(app.ask(browser, prompt="none"))
    assert "Your account will be closed" == deliver(service)[0].subject
    clock.advance(1.0)
    assert "access_token" in app.tokens(Browser(service), scope=SCOPE)


def test_it_can_be_kept(service: Service, clock: SettableClock) -> None:
    """By signing in: home says so, and one button keeps it; the owner is told."""
    close(service)
    later(service, clock, GRACE_SECONDS - 60.0)
    browser = Browser(service)
    assert "Your account is closed on" in seen(open_page(browser, "/account"))
    press(browser, browser.follow(browser.get("/account/close")), "keep")
    assert "Your account is closed on" not in seen(open_page(browser, "/account"))
    assert "Your account is kept" in {mail.subject for mail in deliver(service)}
    later(service, clock, 120.0)
    assert "Your account" in open_page(Browser(service), "/account").text


def test_then_nothing_personal_is_left(service: Service, clock: SettableClock) -> None:
    """Not in any table; nobody signs in or recovers it; nobody else gets the name (T85); the contract waits."""
    account_id = account_id_of(service)
    App.register(service, first_party=False).tokens(Browser(service), scope=SCOPE)
    close(service)
    deliver(service)
    later(service, clock, GRACE_SECONDS + 1.0)
    with service.database.reading() as connection:
        rows = {table.name: connection.execute(select(table)).all() for table in metadata().sorted_tables}
        account = find_by_id(connection, account_id=account_id)
        assert None is find_by_identifier(connection, identifier="dana")
        assert [] == contracts_of(connection, account_id=account_id, now=clock())
    for name in set(rows) - {"outbox", "clients"}:
        for row in rows[name]:
            assert not re.search(r"dana|Dana|Roadwell", repr(row)), name
    assert account is not None
    assert ("closed", None, {}) == (account.status, account.email, account.claims)
    late = Browser(service)
    assert "page:/sign-in" == outcome(late.sign_in(App.register(service, "late").ask(late)))
    before = len(deliver(service))
    ask(Browser(service), "dana@example.com")
    assert before == len(deliver(service))
    with pytest.raises(IdentifierTaken):
        add_person(service, "Dana")
    told = take_in(service.database, contract("CF-1001", ("P-1", "holder", "dana"), kind="lease"), at=clock())
    assert ["no customer has the user ID that the feed names for P-1"] == [fault for _, fault in told.faults]


def test_twice_is_once(service: Service, clock: SettableClock) -> None:
    """Asked for again it begins anew; the housekeeper closes it once."""
    close(service)
    clock.advance(10.0)
    service.watch.poll_once()
    with service.database.writing() as connection:
        ask_to_close(
            connection,
            account_id=account_id_of(service),
            actor="test",
            visitor=WORKER,
            entropy=service.entropy,
            now=clock(),
        )
    later(service, clock, GRACE_SECONDS - 5.0)
    assert "account.closed" not in closings(service)
    later(service, clock, 10.0)
    later(service, clock, 10.0)
    assert ["account.closing", "account.closing", "account.closed"] == closings(service)


def closings(service: Service) -> list[str]:
    """What the trail says of closing."""
    with service.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT type FROM audit_events WHERE type LIKE 'account.clos%%' ORDER BY id")
        return [row.type for row in rows]


def test_a_form_of_before_closes_nobody_s_account(service: Service, clock: SettableClock) -> None:
    """An old sign-in is asked again; a form of another session is refused."""
    browser, other = Browser(service), Browser(service)
    page = open_page(browser, "/account/close")
    open_page(other, "/account/close")
    assert "shown:400" == outcome(press(other, page, "close"))
    clock.advance(301.0)
    service.watch.poll_once()
    assert "page:/sign-in" == outcome(press(browser, page, "close"))
    assert [] == closings(service)


def test_everything_is_exported(service: Service) -> None:
    """All that is held, and no secret of it; the trail says that it was done."""
    App.register(service).tokens(Browser(service), scope=SCOPE)
    account_id, other = account_id_of(service), add_person(service, "eve")
    with service.database.writing() as connection:
        told = export_account(connection, account_id=account_id, actor="test", entropy=service.entropy, now=9.0)
    assert {one.table.name for one in PERSON_TABLES} == told["tables"].keys()
    assert "dana@example.com" == told["tables"]["accounts"][0]["email"]
    assert "CF-1001" == told["contracts"]["contracts"][0]["number"]
    text = repr(told)
    assert (False, False, False) == (other in text, "argon2" in text, "b'" in text)


def persons_columns(table: Table) -> set[str]:
    """The columns of a table that name an account."""
    named = {column.name for column in table.c if column.name in {"account_id", "giver_id", "delegate_id"}}
    return named | {key.parent.name for key in table.foreign_keys if key.target_fullname == "accounts.id"}


def test_no_table_about_people_is_forgotten() -> None:
    """A new one comes into the list from which is exported and erased, and into docs/data.md."""
    tables: MetaData = metadata()
    naming = {name: persons_columns(table) for name, table in tables.tables.items() if persons_columns(table)}
    assert naming | {"accounts": {"id"}} == {one.table.name: set(one.whose) for one in PERSON_TABLES}
    told = set(re.findall(r"^\| [^|]+ \| `(\w+)` \|", (ROOT / "docs" / "data.md").read_text(), re.MULTILINE))
    assert {one.table.name for one in PERSON_TABLES} | NOT_THE_PERSONS == told
