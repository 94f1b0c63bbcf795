"""The audit trail is sealed, on both databases: by one at a time, late events late, and forgetting breaks no proof."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Row, delete, func, insert, select

from idp.audit import verify
from idp.audit.events import Event, EventType
from idp.audit.models import EVENTS, HEAD, PERSONAL
from idp.audit.record import record_many
from idp.audit.seal import SETTLED_SECONDS
from idp.audit.verify import Verified, chain_state
from idp.audit.verify_export import GENESIS, canonical, link
from idp.storage.database import Database
from idp.storage.prune import prune
from tests.support.audit_chain import NOW, happen, seal, verified
from tests.support.racing import at_once


def test_what_happened_is_sealed_and_holds(database: Database) -> None:
    """In batches, and again with nothing to do."""
    happen(database, 25)
    assert [10, 10, 5, 0] == [seal(database, at_most=10) for _ in range(4)]
    found = verified(database)
    assert (25, 0) == (found.events, found.unsealed)
    with database.reading() as connection:
        assert (25, 0, None) == (chain_state(connection).seq, chain_state(connection).unsealed, None)


def test_an_empty_trail_holds(database: Database) -> None:
    """Before anything happened, and before anybody sealed."""
    assert Verified(0, 0, GENESIS.hex(), 0) == verified(database)


def test_several_who_seal_make_one_chain(database: Database) -> None:
    """Each event once, whoever was quicker."""
    happen(database, 60)
    for _ in range(4):
        at_once(4, partial(seal, database, at_most=7))
    while seal(database):
        pass
    assert 60 == verified(database).events


def test_an_event_that_commits_late_is_sealed_late(database: Database) -> None:
    """A smaller id than those that are sealed already; after two minutes no such event can appear."""
    happen(database, 10)
    with database.writing() as connection:
        row = connection.execute(select(EVENTS).where(EVENTS.c.id == 4)).mappings().one()
        connection.execute(delete(EVENTS).where(EVENTS.c.id == 4))
    assert 9 == seal(database)
    with database.writing() as connection:
        connection.execute(insert(EVENTS), dict(row))
    assert 1 == seal(database, now=NOW + SETTLED_SECONDS - 1)
    assert 10 == verified(database).events
    for minutes in range(1, 4):
        seal(database, now=NOW + minutes * (SETTLED_SECONDS + 1))
    with database.reading() as connection:
        assert 10 == connection.execute(select(HEAD.c.floor_id)).scalar_one()
    happen(database, 3)
    assert 3 == seal(database, now=NOW + 10_000)


def test_sealing_goes_on_while_somebody_verifies(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sealed between the end of the walk and the look at the head is no fault."""
    happen(database, 10)
    seal(database)
    walk = verify._sealed  # noqa: SLF001 - the moment between its last statement and the next one is meant

    def overtaken(connection: Connection, *, after: int = -1, last: int | None = None) -> Iterator[Row[Any]]:
        yield from walk(connection, after=after, last=last)
        happen(database, 2)
        seal(database)

    monkeypatch.setattr(verify, "_sealed", overtaken)
    assert verified(database).events in {10, 12}


def test_personal_values_are_forgotten_and_the_proof_stays(database: Database) -> None:
    """After their time, by pruning as it is."""
    happen(database, 10)
    seal(database)
    before = verified(database)
    prune(database, NOW + 400 * 86_400.0)
    with database.reading() as connection:
        assert 0 == connection.execute(select(func.count()).select_from(PERSONAL)).scalar_one()
    assert before == verified(database)


def test_a_long_chain_is_followed_in_pages(database: Database) -> None:
    """Five thousand events of machines, as they come by COPY."""
    events = [Event(type=EventType.TOKEN_ISSUED, at=NOW + n, actor="client:app", client_id="app") for n in range(5000)]
    with database.writing() as connection:
        record_many(connection, events, entropy=secrets.token_bytes)
    while seal(database):
        pass
    assert 5000 == verified(database).events


def test_the_form_that_is_hashed_is_fixed() -> None:
    """A vector: whoever writes another verifier can hold it against this."""
    event = {"id": 1, "at": 1_800_000_000.25, "type": "sign_in.succeeded", "details": {"b": [1, "é"], "a": None}}
    assert (
        b'{"at":1800000000.25,"details":{"a":null,"b":[1,"\\u00e9"]},"id":1,"type":"sign_in.succeeded"}'
        == canonical(event)
    )
    assert "ffd56ef9a45e19bc7f8e03638f7fdc3a1b1fc6cfb38d4d5f244af44beab2673c" == link(GENESIS, 1, event).hex()
