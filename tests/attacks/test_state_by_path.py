"""Every state that forbids issuance × every path by which something is issued or honoured.

The class of fault that comes back at every issuer is a check that one path makes and its sibling does not. So each cell
is declared (results_by_state.py), and driven over HTTP in a state that was brought about as it is in life (states.py):
first everything is issued, then the state comes, a second passes, and then each path is tried (paths_taken.py), on
another node too (T14 to T20 are cells of it). A state or path that is declared nowhere fails the first two tests.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path as File

import pytest

from idp.app import Service
from idp.issuance.gate import Path, State
from tests.attacks.paths_taken import WAYS, result_of
from tests.attacks.results_by_state import EXPECTED, ISSUED, NOT_REFUSED, UNRECORDED
from tests.attacks.states import BROUGHT_ABOUT, SCOPES, WRITING, Subject, hold, make_party
from tests.attacks.strong_paths import STRONG_WAYS
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite
from tests.support.in_process import App, Browser, add_person
from tests.support.nodes import KNOWN_SECONDS, events_of, nodes_on, outcome

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
        app = App.register(first, f"app-{state}", first_party=False, scope=f"{WRITING} api payments")
        scopes = SCOPES
        if state is State.BEYOND_PERMISSION:
            make_party(first, state, "holder")
            scopes = WRITING
        for node in self.nodes:
            node.watch.poll_once()
        held = [hold(node, app, state, scopes) for node in self.nodes]
        return Subject(app=app, account_id=account_id, user_id=state, held=held, scopes=scopes)

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
    """A path that is not declared here fails; those of people with second factors are taken beside this file."""
    assert set(Path) == {way.path for way in WAYS.values()} | {way.path for way in STRONG_WAYS.values()}


@pytest.mark.parametrize(("state", "way"), CELLS)
def test_cell(world: World, state: State, way: str) -> None:
    """The declared result on every node, never a server error, and what was refused is recorded."""
    expected, subject = EXPECTED[state][way], world.subjects[state]
    for node, held in zip(world.nodes, subject.held, strict=True):
        response = WAYS[way].take(node, subject, held)
        assert response.status_code < 500
        assert expected == result_of(response)
        if expected not in ISSUED | UNRECORDED and (state, way) not in NOT_REFUSED:
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


def test_who_may_only_look_gets_no_scope_that_writes(world: World) -> None:
    """Not by asking alone, with others, silently, after consenting, or by a refresh (T87)."""
    subject, node = world.subjects[State.BEYOND_PERMISSION], world.nodes[0]
    app, browser = subject.app, Browser(node)
    tokens = app.tokens(browser, user_id=subject.user_id, scope=WRITING)
    assert SCOPES == tokens["scope"]
    assert "invalid_scope" == outcome(app.refresh(tokens["refresh_token"], scope=WRITING))
    again = app.answer(app.ask(browser, scope=WRITING, prompt="none"))
    assert SCOPES == app.exchange(again["code"]).get_json()["scope"]
    alone = app.answer(app.ask(browser, scope="payments.create", prompt="none"))
    assert "access_denied" == alone["error"]
    assert "invalid_scope" == outcome(app.call("/token", {"grant_type": "client_credentials", "scope": "openid"}))


def test_a_removed_scope_is_not_issued(world: World) -> None:
    """A new sign-in gets what is left."""
    subject = world.subjects[State.SCOPE_REMOVED]
    tokens = subject.app.tokens(Browser(world.nodes[0]), user_id=subject.user_id, scope=SCOPES)
    assert "openid offline_access" == tokens["scope"]
