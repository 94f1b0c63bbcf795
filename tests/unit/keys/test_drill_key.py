"""A rehearsal: nobody can use its key, every node drops it in time, and it leaves the same traces as the real thing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from idp.acts.drill_key import Drill, drill_key
from idp.app import Service
from idp.audit.models import EVENTS
from idp.storage.incident_rows import find_incident
from idp.storage.key_rows import load_ring, read_ring
from keys.errors import UnknownKey
from keys.new_records import new_drill_key
from keys.purposes import Purpose
from keys.ring import KeyRing
from keys.states import KeyState
from tests.support.in_process import Browser
from tests.support.nodes import nodes_on


@pytest.fixture
def nodes(sqlite_url: str, tmp_path: Path) -> Iterator[list[Service]]:
    """Give two nodes that look at the database by themselves."""
    with nodes_on(sqlite_url, tmp_path) as running:
        yield running


def publishing(node: Service) -> Callable[[str], bool]:
    """Look into the JWKS of a node."""
    return lambda kid: kid in Browser(node).get("/jwks").text


def drill(node: Service, looks: dict[str, Callable[[str], bool]]) -> Drill:
    """Rehearse."""
    return drill_key(
        node.database, looks, algorithm="ES256", actor="cli:alice", clock=time.time, entropy=secrets.token_bytes
    )


@pytest.mark.alone
def test_every_node_drops_the_key_in_time(nodes: list[Service]) -> None:
    """What signs stays what it is; the incident and the trail say that it was a drill."""
    here = nodes[0]
    before = here.parts.issuer.ring.signer("ES256").kid
    done = drill(here, {"here": publishing(nodes[0]), "there": publishing(nodes[1])})
    print(f"a drill's key was dropped after {dict(done.seconds)} s")  # noqa: T201 - a measurement, asked for
    assert (True, {"here", "there"}) == (done.passed, set(done.seconds))
    with here.database.reading() as connection:
        incident = find_incident(connection, done.incident)
        events = connection.execute(select(EVENTS.c.type, EVENTS.c.result, EVENTS.c.details)).all()
        after = load_ring(connection, here.kek).signer("ES256", time.time()).kid
    assert incident is not None
    assert ("drill", None, before) == (incident.purpose, incident.replaced_by, after)
    told = {event.type: event for event in events}
    assert ("ok", done.kid) == (told["drill.ended"].result, told["drill.ended"].details["kid"])
    assert ["here", "there"] == told["drill.ended"].details["nodes"]
    assert [f"{taken:.3f}" for taken in done.seconds.values() if taken] == told["drill.ended"].details["seconds"]
    assert "drill" == told["keys.compromised"].details["purpose"]


def test_a_node_that_does_not_answer_fails_the_drill_and_the_key_goes(
    nodes: list[Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, and the rehearsal key is out of service all the same."""
    monkeypatch.setattr("idp.acts.drill_key.PATIENCE_SECONDS", 0.1)
    done = drill(nodes[0], {"away": lambda _kid: False})
    assert (False, {"away": None}) == (done.passed, done.seconds)
    with nodes[0].database.reading() as connection:
        states = {key.state for key in read_ring(connection).records if key.purpose == Purpose.DRILL}
    assert {KeyState.COMPROMISED} == states


def test_nothing_is_signed_or_verified_by_a_drills_key(nodes: list[Service]) -> None:
    """It is published, behind what signs, and no token can name it; its private part is nowhere."""
    node, now = nodes[0], time.time()
    key = new_drill_key("ES256", epoch=1, now=now)
    with node.database.reading() as connection:
        stored = read_ring(connection)
    ring = KeyRing.open((*stored.records, key), node.kek, epoch=1)
    kids = ring.jwks(now).kids
    assert (True, None) == (kids.index(ring.signer("ES256", now).kid) < kids.index(key.kid), key.wrapped)
    for removed in (False, True):
        with pytest.raises(UnknownKey):
            ring.public_key(key.kid, now, removed=removed)
    assert key.kid != ring.signer("ES256", now).kid
