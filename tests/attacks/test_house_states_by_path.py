"""States of the whole house × every path: the key that signs was compromised, the database was restored.

As the matrix of persons and apps (test_state_by_path.py): everything is issued, the state comes, a second passes, and
each path is tried on every node.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idp.acts.after_restore import after_restore
from idp.acts.compromise_key import compromise_key
from idp.app import Service
from tests.attacks.paths_taken import WAYS, result_of
from tests.attacks.states import SCOPES, Subject, hold
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite
from tests.support.in_process import ALGORITHMS, App, add_person
from tests.support.nodes import KNOWN_SECONDS, nodes_on


def _keys_compromised(node: Service) -> None:
    for algorithm in ALGORITHMS:
        signer = node.parts.issuer.ring.signer(algorithm)
        compromise_key(
            node.database,
            node.kek,
            kid=signer.kid,
            reason="test",
            actor="test",
            clock=node.clock,
            entropy=node.entropy,
        )


def _restored(node: Service) -> None:
    with node.database.writing() as connection:
        after_restore(connection, actor="test", entropy=node.entropy, now=node.clock())


BROUGHT_ABOUT: dict[str, Callable[[Service], None]] = {
    "keys compromised": _keys_compromised,
    "restored": _restored,
}
EXPECTED = {
    "keys compromised": {
        "sign in": "code",
        "single sign-on": "code",  # people stay signed in
        "allow what was signed in for before": "code",
        "exchange a code": "ok",
        "refresh": "ok",  # refresh tokens are opaque: no key of ours is in them
        "client credentials": "ok",
        "userinfo": "invalid_token",
        "introspect an access token": "inactive",
        "introspect a refresh token": "active",
        "sign out with a hint": "page:/end-session",  # the hint is worth nothing, so the person is asked
    },
    "restored": {
        "sign in": "page:/consent",  # a consent may have been withdrawn since the backup
        "single sign-on": "login_required",
        "allow what was signed in for before": "shown:400",  # the sign-in that it belongs to is among what ended
        "exchange a code": "invalid_grant",
        "refresh": "invalid_grant",
        "client credentials": "ok",
        "userinfo": "invalid_token",
        "introspect an access token": "inactive",
        "introspect a refresh token": "inactive",
        "sign out with a hint": "signed out",
    },
}


@pytest.fixture(params=["sqlite", "postgresql"])
def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[list[Service], SettableClock]]:
    """Give one node on SQLite, or two on PostgreSQL."""
    clock = SettableClock()
    if request.param == "sqlite":
        url, count = copy_sqlite(tmp_path / "idp.sqlite"), 1
    else:
        url, count = request.getfixturevalue("new_postgresql_url")(), 2
    with nodes_on(url, tmp_path, count, clock=clock) as started:
        yield started, clock


@pytest.mark.parametrize("state", BROUGHT_ABOUT)
def test_every_path(nodes: tuple[list[Service], SettableClock], state: str) -> None:
    """The declared result of each path, on every node."""
    started, clock = nodes
    first = started[0]
    account_id = add_person(first, "dana")
    app = App.register(first, first_party=False, scope=f"{SCOPES} api payments")
    _poll(started)
    held = [hold(node, app, "dana") for node in started]
    subject = Subject(app=app, account_id=account_id, user_id="dana", held=held)
    clock.advance(2.0)
    _poll(started)
    BROUGHT_ABOUT[state](first)
    time.sleep(KNOWN_SECONDS)
    clock.advance(2.0)
    _poll(started)
    for node, mine in zip(started, held, strict=True):
        assert EXPECTED[state] == {name: result_of(way.take(node, subject, mine)) for name, way in WAYS.items()}


def test_each_state_is_declared() -> None:
    """A path that is not declared here fails."""
    assert {state: set(WAYS) for state in BROUGHT_ABOUT} == {state: set(paths) for state, paths in EXPECTED.items()}


def _poll(nodes: list[Service]) -> None:
    for node in nodes:
        node.watch.poll_once()
