"""Evidence is read alike on both databases: which events, in which order, who of the staff, and when they came."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from idp.accounts.models import ACCOUNTS
from idp.acts.access_review import staff_access
from idp.audit.events import Event, EventType
from idp.audit.evidence import evidence_events, quarter_named
from idp.audit.record import record_many
from idp.audit.seal import seal_batch
from idp.mfa.factors import NewFactor, add_factor
from idp.mfa.policy import Factor
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.handles import Entropy

QUARTER = quarter_named("2026Q4")
AT = QUARTER.since


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Two members of staff, one with a passkey and stopped, and a customer."""
    database = Database(open_engine(database_url))
    with database.writing() as connection:
        for name, kind, status in (
            ("zoe", "staff", "active"),
            ("eve", "staff", "disabled"),
            ("dana", "consumer", "active"),
        ):
            row = {"id": f"id-{name}", "user_id": name.title(), "user_id_key": name, "kind": kind, "status": status}
            connection.execute(insert(ACCOUNTS).values(row | {"created_at": 1.0, "updated_at": 1.0, "claims": {}}))
        passkey = NewFactor(
            id="f", account_id="id-eve", kind=Factor.PASSKEY, name="key", credential_id=b"c", public_key=b"p"
        )
        add_factor(connection, passkey, now=2.0)
    yield database
    database.engine.dispose()


def happened(type: EventType, after: float, *, account_id: str | None = None) -> Event:
    """Give an event so many seconds after the quarter's beginning."""
    return Event(type=type, at=AT + after, actor="cli:alice@node", account_id=account_id)


def test_events_of_the_quarter_in_order_and_by_subject(database: Database, entropy: Entropy) -> None:
    """Ordered by time, though they were committed otherwise; of accounts, staff's alone."""
    events = [
        happened(EventType.KEYS_ROTATED, 20.0),
        happened(EventType.KEYS_CREATED, 10.0),
        happened(EventType.KEYS_CHANGED, -1.0),
        happened(EventType.ACCOUNT_DISABLED, 1.0, account_id="id-eve"),
        happened(EventType.ACCOUNT_DISABLED, 1.0, account_id="id-dana"),
        happened(EventType.TOKEN_ISSUED, 1.0, account_id="id-eve"),
    ]
    with database.writing() as connection:
        record_many(connection, events, entropy=entropy)
        seal_batch(connection, now=AT)
    with database.reading() as connection:
        found = evidence_events(connection, QUARTER, staff={"id-eve", "id-zoe"}, drills=())
        nobody = evidence_events(connection, QUARTER, staff=(), drills=())
    assert ["keys.created", "keys.rotated"] == [event.type for event in found["keys"]]
    assert ["id-eve"] == [event.account_id for event in found["staff"]]
    assert {"keys", "staff"} == {subject for subject, events in found.items() if events}
    assert ([], True) == (nobody["staff"], all(event.seq is not None for event in found["keys"]))


def test_the_staff_and_when_they_came(database: Database, entropy: Entropy) -> None:
    """By user ID; whoever never signed in has no time."""
    sign_ins = [happened(EventType.SESSION_OPENED, after, account_id="id-zoe") for after in (1.0, 9.0, 5.0)]
    with database.writing() as connection:
        record_many(connection, sign_ins, entropy=entropy)
    with database.reading() as connection:
        eve, zoe = staff_access(connection)
    assert ("Eve", "disabled", ("passkey",), None) == (eve.user_id, eve.status, eve.factors, eve.last_sign_in_at)
    assert ("Zoe", (), AT + 9.0) == (zoe.user_id, zoe.factors, zoe.last_sign_in_at)
