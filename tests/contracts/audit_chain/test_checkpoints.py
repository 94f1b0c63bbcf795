"""Checkpoints, on both databases: when they are made, and which are none."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from idp.audit.verify import chain_state
from idp.audit.verify_export import NotACheckpoint, read_checkpoint
from idp.delivery.models import OUTBOX
from idp.storage.database import Database
from keys.records import KeyRecord
from tests.support.audit_chain import NOW, checkpoint, happen, public, seal


def test_checkpoints_come_when_it_is_time_and_something_happened(database: Database, key: KeyRecord) -> None:
    """Hourly, once, and to each place."""
    happen(database, 3)
    assert checkpoint(database, key) is None
    seal(database)
    places = ["mailto:audit@example.com", "file:/tmp/never"]
    assert checkpoint(database, key, places=places) is not None
    happen(database, 3)
    seal(database)
    assert checkpoint(database, key, now=NOW + 3599) is None
    assert [6, None] == [
        None if jws is None else read_checkpoint(jws, [public(key)]).seq
        for jws in (checkpoint(database, key, now=NOW + 3600), checkpoint(database, key, now=NOW + 7201))
    ]
    with database.reading() as connection:
        mails = connection.execute(select(OUTBOX.c.recipient, OUTBOX.c.kind)).all()
        assert [("audit@example.com", "audit_checkpoint")] == [tuple(mail) for mail in mails]
        assert 1 == chain_state(connection).unsent


def test_a_checkpoint_of_another_key_is_none(key: KeyRecord, database: Database) -> None:
    """Nor is any other JWS, or an altered one."""
    happen(database, 1)
    seal(database)
    jws = checkpoint(database, key)
    assert jws is not None
    other = {**public(key), "x": public(key)["x"][::-1]}
    header, payload, signature = jws.split(".")
    for text, keys in (
        (jws, [other]),
        (jws, [{**public(key), "kid": "another"}]),
        (f"{header}.{payload[:-2]}AA.{signature}", [public(key)]),
        (f"eyJhbGciOiJub25lIn0.{payload}.", [public(key)]),
    ):
        with pytest.raises(NotACheckpoint):
            read_checkpoint(text, keys)
