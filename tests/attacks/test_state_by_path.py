"""Every state that forbids issuance × every path by which something is issued or honoured.

The class of fault that comes back at every issuer is a check that one path makes and its sibling does not. So each cell
is declared here, and driven over HTTP in a state that was brought about as it is in life: first everything is issued,
then the state comes, a second passes, and then each path is tried, on another node too. A state or path that is
declared nowhere fails the first two tests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from idp.accounts import disable
from idp.accounts.models import ACCOUNTS
from idp.acts.change_password import change_password
from idp.acts.disable_account import disable_account
from idp.acts.disable_client import disable_client
from idp.acts.sign_out import sign_out
from idp.acts.update_client import update_client
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.issuance.consents import withdraw_consent
from idp.issuance.gate import Path, State
from idp.issuance.grants import end_grants_of_account
from idp.passwords.credentials import set_password
from idp.sessions.models import SESSIONS
from idp.storage.marks import write_mark
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite
from tests.support.in_process import AFTER_LOGOUT, PASSWORD, App, Browser, add_person
from tests.support.nodes import KNOWN_SECONDS, at, events_of, move, nodes_on, outcome

SCOPES = "openid profile offline_access"
NEW_PASSWORD = "another battery staple for horses"
NOBODY = Visitor(address="", user_agent=None, reference="TEST")


class Held(NamedTuple):
    """What was issued before the state came, once for each node."""

    browser: Browser
    leaving: Browser
    parked: tuple[Browser, TestResponse]
    code: str
    tokens: dict[str, Any]
    hint: str


@dataclass(kw_only=True)
class Subject:
    """A person and an app of whom a state has come true; `password` is the one that holds now."""

    app: App
    account_id: str
    user_id: str
    held: list[Held] = field(default_factory=list)
    password: str = PASSWORD


def hold(node: Service, app: App, user_id: str) -> Held:
    """Have everything issued that can be issued."""
    browser, leaving, waiting = Browser(node), Browser(node), Browser(node)
    app = at(app, node)
    tokens = app.tokens(browser, user_id=user_id, scope=SCOPES)
    code = app.answer(app.ask(browser, scope=SCOPES, prompt="none"))["code"]
    hint = app.tokens(leaving, user_id=user_id, scope=SCOPES)["id_token"]
    page = waiting.follow(waiting.sign_in(app.ask(waiting, scope=SCOPES, prompt="consent"), user_id))
    assert "page:/consent" == outcome(page)
    return Held(browser, leaving, (waiting, page), code, tokens, hint)


# How each state comes about -----------------------------------------------------------------------------------------


def _client_disabled(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        disable_client(connection, client_id=it.app.client_id, actor="test", entropy=node.entropy, now=node.clock())


def _changed(**changes: object) -> Callable[[Service, Subject], None]:
    def change(node: Service, it: Subject) -> None:
        with node.database.writing() as connection:
            update_client(
                connection,
                client_id=it.app.client_id,
                changes=changes,
                actor="test",
                entropy=node.entropy,
                now=node.clock(),
            )

    return change


def _account_disabled(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        disable_account(connection, account_id=it.account_id, actor="test", entropy=node.entropy, now=node.clock())


def _account_closed(node: Service, it: Subject) -> None:
    """Write what closing an account has to write; the act itself is not built yet."""
    closed = update(ACCOUNTS).where(ACCOUNTS.c.id == it.account_id).values(status="closed")
    with node.database.writing() as connection:
        connection.execute(closed)
        write_mark(connection, kind="account", id=it.account_id, not_before=node.clock(), now=node.clock())


def _not_before_raised(node: Service, it: Subject) -> None:
    """The account was stopped and goes on; sessions and grants are left as they were, so that this alone refuses."""
    with node.database.writing() as connection:
        disable.disable_account(connection, account_id=it.account_id, now=node.clock())
        disable.enable_account(connection, account_id=it.account_id)


def _reset_due(node: Service, it: Subject) -> None:
    stored = node.parts.hasher.hash(PASSWORD)
    with node.database.writing() as connection:
        set_password(connection, account_id=it.account_id, stored=stored, must_change=True, now=node.clock())


def _password_changed(node: Service, it: Subject) -> None:
    stored = node.parts.hasher.hash(NEW_PASSWORD)
    it.password = NEW_PASSWORD
    with node.database.writing() as connection:
        change_password(
            connection,
            account_id=it.account_id,
            stored=stored,
            visitor=NOBODY,
            entropy=node.entropy,
            now=node.clock(),
        )


def _consent_withdrawn(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        withdraw_consent(connection, account_id=it.account_id, client_id=it.app.client_id, now=node.clock())


def _session_ended(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        of_account = select(SESSIONS.c.sid).where(SESSIONS.c.account_id == it.account_id)
        for sid in connection.execute(of_account).scalars().all():
            sign_out(
                connection,
                sid=sid,
                account_id=it.account_id,
                cause="test",
                reference="TEST",
                personal=None,
                entropy=node.entropy,
                now=node.clock(),
            )


def _grant_ended(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        end_grants_of_account(connection, account_id=it.account_id, now=node.clock())


BROUGHT_ABOUT: dict[State, Callable[[Service, Subject], None]] = {
    State.CLIENT_DISABLED: _client_disabled,
    State.GRANT_TYPE_REMOVED: _changed(grant_types=[]),
    State.SCOPE_REMOVED: _changed(scope="openid offline_access api"),
    State.ACCOUNT_DISABLED: _account_disabled,
    State.ACCOUNT_CLOSED: _account_closed,
    State.NOT_BEFORE_RAISED: _not_before_raised,
    State.RESET_DUE: _reset_due,
    State.PASSWORD_CHANGED: _password_changed,
    State.CONSENT_WITHDRAWN: _consent_withdrawn,
    State.SESSION_ENDED: _session_ended,
    State.GRANT_ENDED: _grant_ended,
}

# How each path is taken ---------------------------------------------------------------------------------------------


def _sign_in(node: Service, it: Subject, _held: Held) -> TestResponse:
    browser, app = Browser(node), at(it.app, node)
    asked = app.ask(browser, scope=SCOPES)
    if not asked.headers.get("Location", "").startswith("/sign-in"):
        return asked
    return browser.sign_in(asked, it.user_id, it.password)


def _allow(node: Service, _it: Subject, held: Held) -> TestResponse:
    browser, page = held.parked
    move(browser, node)
    return browser.submit(page, {"action": "allow"})


def _silently(node: Service, it: Subject, held: Held) -> TestResponse:
    move(held.browser, node)
    return at(it.app, node).ask(held.browser, scope=SCOPES, prompt="none")


def _exchange(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).exchange(held.code)


def _refresh(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).refresh(held.tokens["refresh_token"])


def _own_token(node: Service, it: Subject, _held: Held) -> TestResponse:
    return at(it.app, node).call("/token", {"grant_type": "client_credentials", "scope": "payments"})


def _userinfo(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).userinfo(held.tokens["access_token"])


def _introspect_access(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).call("/introspect", {"token": held.tokens["access_token"]})


def _introspect_refresh(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).call("/introspect", {"token": held.tokens["refresh_token"]})


def _leave(node: Service, _it: Subject, held: Held) -> TestResponse:
    move(held.leaving, node)
    query = {"id_token_hint": held.hint, "post_logout_redirect_uri": AFTER_LOGOUT}
    return held.leaving.get("/end-session", query_string=query)


class Way(NamedTuple):
    """One way of taking a path of the gate."""

    path: Path
    take: Callable[[Service, Subject, Held], TestResponse]


WAYS = {
    "sign in": Way(Path.PASSWORD, _sign_in),
    "single sign-on": Way(Path.SINGLE_SIGN_ON, _silently),
    "allow what was signed in for before": Way(Path.PASSWORD, _allow),
    "exchange a code": Way(Path.CODE_EXCHANGE, _exchange),
    "refresh": Way(Path.REFRESH, _refresh),
    "client credentials": Way(Path.CLIENT_CREDENTIALS, _own_token),
    "userinfo": Way(Path.USERINFO, _userinfo),
    "introspect an access token": Way(Path.INTROSPECTION, _introspect_access),
    "introspect a refresh token": Way(Path.INTROSPECTION, _introspect_refresh),
    "sign out with a hint": Way(Path.LOGOUT_HINT, _leave),
}

# What must come of it -----------------------------------------------------------------------------------------------

PERSON_ENDED = {
    "exchange a code": "invalid_grant",
    "refresh": "invalid_grant",
    "client credentials": "ok",  # the app's own token has nothing to do with the person
    "userinfo": "invalid_token",
    "introspect an access token": "inactive",
    "introspect a refresh token": "inactive",
    "sign out with a hint": "signed out",  # leaving is always allowed
}
EXPECTED: dict[State, dict[str, str]] = {
    State.CLIENT_DISABLED: {
        "sign in": "shown:400",
        "allow what was signed in for before": "shown:400",
        "single sign-on": "shown:400",
        "exchange a code": "invalid_client",
        "refresh": "invalid_client",
        "client credentials": "invalid_client",
        "userinfo": "invalid_token",
        "introspect an access token": "invalid_client",
        "introspect a refresh token": "invalid_client",
        "sign out with a hint": "page:/end-session",  # asked, and led nowhere
    },
    State.GRANT_TYPE_REMOVED: {
        "sign in": "shown:400",
        "allow what was signed in for before": "access_denied",
        "single sign-on": "shown:400",
        "exchange a code": "unauthorized_client",
        "refresh": "unauthorized_client",
        "client credentials": "unauthorized_client",
        "userinfo": "ok",  # no grant type is used to honour a token: it lives five minutes at most
        "introspect an access token": "active",
        "introspect a refresh token": "active",
        "sign out with a hint": "signed out",
    },
    State.SCOPE_REMOVED: {
        "sign in": "code",  # with fewer scopes: test_a_removed_scope_is_not_issued
        "allow what was signed in for before": "access_denied",
        "single sign-on": "code",
        **PERSON_ENDED,
        "client credentials": "invalid_scope",
    },
    State.ACCOUNT_DISABLED: {
        "sign in": "page:/sign-in",  # looks like a wrong password
        "allow what was signed in for before": "access_denied",
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.ACCOUNT_CLOSED: {
        "sign in": "page:/sign-in",
        "allow what was signed in for before": "access_denied",
        "single sign-on": "access_denied",
        **PERSON_ENDED,
    },
    State.NOT_BEFORE_RAISED: {
        "sign in": "code",
        "allow what was signed in for before": "access_denied",
        "single sign-on": "access_denied",
        **PERSON_ENDED,
    },
    State.RESET_DUE: {
        "sign in": "page:/change-password",
        "allow what was signed in for before": "page:/change-password",
        "single sign-on": "interaction_required",
        **PERSON_ENDED,
        "userinfo": "ok",  # a due change alone voids no token that is out: it lives five minutes at most
        "introspect an access token": "active",
    },
    State.PASSWORD_CHANGED: {
        "sign in": "code",
        "allow what was signed in for before": "access_denied",  # the old password was proved, not the new
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.CONSENT_WITHDRAWN: {
        "sign in": "page:/consent",
        "allow what was signed in for before": "code",  # this very click allows anew
        "single sign-on": "consent_required",
        **PERSON_ENDED,
    },
    State.SESSION_ENDED: {
        "sign in": "code",
        "allow what was signed in for before": "code",
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.GRANT_ENDED: {
        "sign in": "code",
        "allow what was signed in for before": "code",
        "single sign-on": "code",
        **PERSON_ENDED,
    },
}
ISSUED = {"code", "ok", "active", "signed out"}
# Introspection answers what is so; asking is no attempt that was refused.
UNRECORDED = {"inactive", "page:/end-session", "page:/consent", "page:/change-password"}
CELLS = [pytest.param(state, way, id=f"{state}-{way}") for state in State for way in WAYS]


class World:
    """The nodes, and for each state a subject of whom it is true, since a second at least."""

    def __init__(self, nodes: list[Service], clock: SettableClock) -> None:
        self.nodes = nodes
        self.subjects = {state: self._subject(state) for state in State}
        clock.advance(2.0)
        self._poll()
        for state, bring_about in BROUGHT_ABOUT.items():
            bring_about(nodes[0], self.subjects[state])
        time.sleep(KNOWN_SECONDS)
        clock.advance(2.0)
        self._poll()

    def _subject(self, state: State) -> Subject:
        first = self.nodes[0]
        account_id = add_person(first, state)
        app = App.register(first, f"app-{state}", first_party=False, scope=f"{SCOPES} api payments")
        for node in self.nodes:
            node.watch.poll_once()
        held = [hold(node, app, state) for node in self.nodes]
        return Subject(app=app, account_id=account_id, user_id=state, held=held)

    def _poll(self) -> None:
        """A clock that jumps makes every view stale until the next poll, a fifth of a second later."""
        for node in self.nodes:
            node.watch.poll_once()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give the nodes on one database: one on SQLite, two on PostgreSQL."""
    folder: File = tmp_path_factory.mktemp("matrix")
    clock = SettableClock()
    if request.param == "sqlite":
        url, count = copy_sqlite(folder / "idp.sqlite"), 1
    else:
        url, count = request.getfixturevalue("new_postgresql_url")(), 2
    with nodes_on(url, folder, count, clock=clock) as nodes:
        yield World(nodes, clock)


def test_every_state_has_a_way_to_come_about_and_a_result_for_each_path() -> None:
    """A state that is not declared here fails."""
    assert set(State) == set(BROUGHT_ABOUT) == set(EXPECTED)
    assert {state: set(WAYS) for state in State} == {state: set(EXPECTED[state]) for state in State}


def test_every_path_is_taken() -> None:
    """A path that is not declared here fails."""
    assert set(Path) == {way.path for way in WAYS.values()}


@pytest.mark.parametrize(("state", "way"), CELLS)
def test_cell(world: World, state: State, way: str) -> None:
    """The declared result on every node, never a server error, and what was refused is recorded."""
    expected, subject = EXPECTED[state][way], world.subjects[state]
    for node, held in zip(world.nodes, subject.held, strict=True):
        response = WAYS[way].take(node, subject, held)
        assert response.status_code < 500
        assert expected == _result(response)
        if expected not in ISSUED | UNRECORDED:
            assert events_of(node, response), "nothing was recorded"


def test_refusals_of_a_grant_are_worded_alike(world: World) -> None:
    """Whoever holds a dead code or refresh token learns nothing of why it is dead."""
    node = world.nodes[0]
    bodies = {
        WAYS[way].take(node, subject, subject.held[0]).text
        for way in ("exchange a code", "refresh")
        for state, subject in world.subjects.items()
        if EXPECTED[state][way] == "invalid_grant"
    }
    assert 1 == len(bodies)


def test_a_removed_scope_is_not_issued(world: World) -> None:
    """A new sign-in gets what is left."""
    subject = world.subjects[State.SCOPE_REMOVED]
    tokens = subject.app.tokens(Browser(world.nodes[0]), user_id=subject.user_id, scope=SCOPES)
    assert "openid offline_access" == tokens["scope"]


def _result(response: TestResponse) -> str:
    body = response.get_json() if response.mimetype == "application/json" else {}
    if "active" in body:
        return "active" if body["active"] else "inactive"
    return outcome(response)
