"""What can go wrong with signing keys: all of them lost, two rotations at once, a node that misses one (F24, F25, F27).

Together with F26 (`tests/unit/keys/test_keep_schedule.py`) that is K08.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import delete
from werkzeug.test import Client

from idp.acts.initialise_keys import initialise_keys
from idp.acts.rotate_key import Rotation, rotate_key
from idp.app import Service
from idp.issuance.pick_up import PickUp
from idp.storage.key_models import KeyRow
from idp.storage.key_rows import read_ring
from idp.storage.revisions import bump
from keys.kek_source import file_source
from keys.purposes import Purpose
from keys.rotation import ACTIVATION_DELAY, keys_of
from tests.support.asking import get, measured, seconds_until
from tests.support.clock import SettableClock
from tests.support.forged import opened
from tests.support.in_process import App, Browser, add_person
from tests.support.nodes import KNOWN_SECONDS, at, nodes_on
from tests.support.racing import at_once

ROUNDS = 100
RESTORED_SECONDS = 300.0
"""Within which an issuer that has lost every key signs again: what SECURITY.md promises of F24."""

NOBODY = PickUp(())


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock that the test sets, for all nodes."""
    return SettableClock()


@pytest.fixture
def nodes(postgresql_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[list[Service]]:
    """Give two nodes on PostgreSQL with dana and an app, which look at the database as often as in production."""
    with nodes_on(postgresql_url, tmp_path, clock=clock, watch_period=0.5, signing_algs=("ES256",)) as running:
        add_person(running[0])
        App.register(running[0])
        for node in running:
            node.watch.poll_once()
        yield running


def app_at(node: Service) -> App:
    """Give the app, calling this node."""
    return App(service=node, secret="secret-of-app-" + "x" * 20)


def rotate(node: Service) -> Rotation:
    """Rotate ES256, as `idp keys rotate` does on that node."""
    return rotate_key(
        node.database,
        node.kek,
        algorithm="ES256",
        pick_up=NOBODY,
        actor="test",
        clock=node.clock,
        entropy=node.entropy,
    )


def rotate_both(nodes: list[Service]) -> list[Rotation]:
    """Have each of the nodes rotate, at the same moment."""
    each = iter(nodes)
    return at_once(len(nodes), lambda: rotate(next(each)))


def kids(node: Service) -> list[str]:
    """Give every kid of ES256 in the database."""
    with node.database.reading() as connection:
        return [key.kid for key in keys_of(read_ring(connection).records, algorithm="ES256")]


def jwks(node: Service) -> bytes:
    """Fetch what a node publishes."""
    return bytes(Client(node.front).get("/jwks", base_url=node.settings.issuer).data)


@pytest.mark.slow
@pytest.mark.alone
def test_two_nodes_rotate_at_once(nodes: list[Service], clock: SettableClock) -> None:
    """F25: a hundred times over, one of the two does it: one new key each, no kid twice, and both publish the same."""
    known, waits = set(kids(nodes[0])), []
    for _ in range(ROUNDS):
        clock.advance(ACTIVATION_DELAY + 1)
        for node in nodes:
            node.watch.poll_once()
        done = rotate_both(nodes)
        assert [False, True] == sorted(one.by_another for one in done)
        assert 1 == len({(one.activated, one.retired, one.epoch) for one in done})
        waits.append(seconds_until(lambda: jwks(nodes[0]) == jwks(nodes[1]), most=KNOWN_SECONDS, every=0.01))
        held = kids(nodes[0])
        assert len(held) == len(set(held)) == len(known) + 1
        known = set(held)
    measured("F25: until both nodes publish the same, at most", max(waits))


def test_a_node_that_misses_a_rotation_signs_nothing_old(nodes: list[Service], clock: SettableClock) -> None:
    """F27: until the old key stops it may sign; then it answers 503 until it hears; never by a key that is retired."""
    here, deaf = nodes
    before = signed_by(deaf)
    deaf.watch.stop()
    deaf.watch.poll_once()
    rotation = rotate(here)
    assert before == rotation.retired
    answers: dict[float, str | None] = {}
    while clock() < rotation.effective_at + 5.0:
        answers[clock()] = signed_by(deaf)
        clock.advance(0.25)
    assert before in answers.values()
    assert {before, None} == set(answers.values())
    assert not [moment for moment, kid in answers.items() if kid is not None and moment >= rotation.effective_at]
    deaf.watch.poll_once()
    assert rotation.activated == signed_by(deaf)


def test_a_node_that_hears_but_cannot_read_the_ring_signs_nothing(
    nodes: list[Service], clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F27: what is known to have changed and is not known yet is no ground to sign on."""
    here, deaf = nodes
    deaf.watch.stop()
    deaf.watch.poll_once()
    rotation = rotate(here)
    with monkeypatch.context() as patched:
        patched.setattr("idp.issuance.current_ring.load_ring", _unreadable)
        for _ in range(5):
            clock.advance(1.0)
            with pytest.raises(MemoryError):
                deaf.watch.poll_once()
        assert signed_by(deaf) is None
    deaf.watch.poll_once()
    assert rotation.activated == signed_by(deaf)


def _unreadable(*_: object) -> None:
    raise MemoryError


def signed_by(node: Service) -> str | None:
    """Ask a node for a token; gives the kid that signed it, or None where the node answers 503."""
    answer = app_at(node).call("/token", {"grant_type": "client_credentials", "scope": "api"})
    if answer.status_code == 503:
        return None
    return str(opened(answer.get_json()["access_token"])[0]["kid"])


@pytest.mark.alone
def test_all_signing_keys_are_lost(
    nodes: list[Service], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """F24: `idp keys init` makes new ones; nobody is signed out, refresh tokens go on, and apps see the new keys."""
    here, there = nodes
    app, browser = app_at(here), Browser(here)
    tokens = app.tokens(browser, scope="openid offline_access")
    lose_all_keys(here)
    for node in nodes:
        node.watch.poll_once()
        assert (200, {"keys": []}) == (get(node, "/jwks").status, get(node, "/jwks").body)
        assert signed_by(node) is None
    begun = time.monotonic()
    made = initialise_keys(
        here.database,
        file_source(tmp_path / "kek"),
        algorithms=("ES256",),
        actor="test",
        now=here.clock(),
        entropy=here.entropy,
    )
    assert (3, ()) == (len(made.created), made.without_active)
    seconds_until(lambda: signed_by(there) is not None, most=RESTORED_SECONDS)
    seconds = time.monotonic() - begun
    measured("F24: until the other node signs again", seconds)
    record_property("F24_seconds", seconds)
    assert seconds < RESTORED_SECONDS
    refreshed = at(app, there).refresh(tokens["refresh_token"])
    assert 200 == refreshed.status_code
    decoded = jwt.decode(refreshed.get_json()["id_token"], KeySet.import_key_set(get(there, "/jwks").body))
    assert opened(tokens["id_token"])[1]["sub"] == decoded.claims["sub"]
    assert "code" in app.answer(app.ask(browser, prompt="none"))
    assert 401 == app.userinfo(tokens["access_token"]).status_code


def lose_all_keys(node: Service) -> None:
    """Delete every signing key's row, and have the nodes look, as when they start."""
    with node.database.writing() as connection:
        connection.execute(delete(KeyRow).where(KeyRow.purpose == Purpose.TOKENS))
        bump(connection, "keys")
