"""Every state that forbids issuance × every way of signing in with more than a password.

As `test_state_by_path.py`, for people who have factors: a check that a password's path makes and a passkey's, a
recovery code's or a remembered browser's does not would show here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path as File

import pytest

from idp.app import Service
from idp.issuance.gate import Path, State
from tests.attacks.results_by_state import ISSUED, NOT_REFUSED, SLOWED, STRONGLY_EXPECTED, UNRECORDED
from tests.attacks.states import BROUGHT_ABOUT, SCOPES, Subject
from tests.attacks.strong_paths import STRONG_WAYS, Strong, devices_for, hold_strongly
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite
from tests.support.in_process import App, add_person
from tests.support.nodes import KNOWN_SECONDS, events_of, nodes_on, outcome

CELLS = [pytest.param(state, way, id=f"{state}-{way}") for state in State for way in STRONG_WAYS]


class World:
    """The nodes, and for each state a subject with factors of whom it is true, since a second at least."""

    def __init__(self, nodes: list[Service], clock: SettableClock) -> None:
        self.nodes = nodes
        self.held: dict[State, list[Strong]] = {}
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
        self._poll()
        devices = devices_for(self.nodes, account_id)
        self.held[state] = [
            hold_strongly(node, app, state, *mine) for node, mine in zip(self.nodes, devices, strict=True)
        ]
        return Subject(app=app, account_id=account_id, user_id=state)

    def _poll(self) -> None:
        for node in self.nodes:
            node.watch.poll_once()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give the nodes on one database: one on SQLite, two on PostgreSQL."""
    folder: File = tmp_path_factory.mktemp("strong-matrix")
    clock = SettableClock()
    if request.param == "sqlite":
        url, count = copy_sqlite(folder / "idp.sqlite"), 1
    else:
        url, count = request.getfixturevalue("new_postgresql_url")(), 2
    with nodes_on(url, folder, count, clock=clock) as nodes:
        yield World(nodes, clock)


def test_every_state_has_a_result_for_each_way() -> None:
    """A state or way that is not declared here fails, and the path of passkeys is among them."""
    assert {state: set(STRONG_WAYS) for state in State} == {state: set(STRONGLY_EXPECTED[state]) for state in State}
    assert {Path.PASSWORD, Path.PASSKEY, Path.SINGLE_SIGN_ON} == {way.path for way in STRONG_WAYS.values()}


@pytest.mark.parametrize(("state", "way"), CELLS)
def test_cell(world: World, state: State, way: str) -> None:
    """The declared result on every node, never a server error, and what was refused is recorded."""
    expected, subject = STRONGLY_EXPECTED[state][way], world.subjects[state]
    for node, held in zip(world.nodes, world.held[state], strict=True):
        response = STRONG_WAYS[way].take(node, subject, held)
        assert response.status_code < 500
        assert outcome(response) in {expected, SLOWED.get(state, expected)}
        if expected not in ISSUED | UNRECORDED and (state, way) not in NOT_REFUSED:
            assert events_of(node, response), "nothing was recorded"
