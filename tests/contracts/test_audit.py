"""The audit trail on SQLite and PostgreSQL: rows that name nobody, personal values beside them."""

import secrets
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import func, select, text

from idp.audit.events import Event, EventType, Personal, RecordedEvent
from idp.audit.models import EVENTS, PERSONAL
from idp.audit.policy import personal_hash
from idp.audit.read import events_by_reference
from idp.audit.record import insert_ctes, parameters, record, record_many
from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import open_engine
from idp.storage.prune import prune
from tests.support.statements import statements_of

DAY = 86_400.0
FROM_HOME = Personal(address="192.0.2.7", user_agent="Firefox", place="Town")
EVENT = Event(type=EventType.SIGN_IN_REFUSED, at=5.0, actor="anonymous", reference="R1")


def written(database: Database, *events: Event) -> None:
    """Record events in a transaction of their own, as a batch."""
    with database.writing() as connection:
        record_many(connection, events, entropy=secrets.token_bytes)


def trail(database: Database, reference: str = "R1") -> list[RecordedEvent]:
    """Read what stands behind a reference."""
    with database.reading() as connection:
        return events_by_reference(connection, reference=reference)


def test_an_event_is_read_back(database: Database) -> None:
    """All that is known of it, by the number that the person saw."""
    told = replace(
        EVENT,
        account_id="a",
        client_id="c",
        sid="s",
        result="wrong_password",
        details={"n": [1, 2]},
        personal=FROM_HOME,
    )
    with database.writing() as connection:
        number = record(connection, told, entropy=secrets.token_bytes)
        record(connection, replace(EVENT, reference="R2"), entropy=secrets.token_bytes)
    assert [
        RecordedEvent(
            id=number,
            type="sign_in.refused",
            at=5.0,
            actor="anonymous",
            result="wrong_password",
            account_id="a",
            client_id="c",
            sid="s",
            reference="R1",
            details={"n": ["1", "2"]},
            personal=FROM_HOME,
        )
    ] == trail(database)


def test_an_event_is_one_statement_on_postgresql(postgresql_url: str) -> None:
    """With its personal values."""
    database = Database(open_engine(postgresql_url))
    with statements_of(database.engine) as sent, database.writing() as connection:
        record(connection, replace(EVENT, personal=FROM_HOME), entropy=secrets.token_bytes)
    assert (1, FROM_HOME) == (len(sent), trail(database)[0].personal)
    database.engine.dispose()


def test_another_statement_can_record_several_events(postgresql_url: str) -> None:
    """An act joins the inserts to its own statement, each event under a prefix of its own."""
    database = Database(open_engine(postgresql_url))
    first, second = insert_ctes("first"), insert_ctes("second")
    statement = select(text("1")).add_cte(*first, *second)
    bound = parameters(replace(EVENT, personal=FROM_HOME), entropy=secrets.token_bytes, prefix="first")
    bound |= parameters(replace(EVENT, result="other"), entropy=secrets.token_bytes, prefix="second")
    with statements_of(database.engine) as sent, database.writing() as connection:
        connection.execute(statement, bound)
    assert 1 == len(sent)
    assert {("ok", FROM_HOME), ("other", None)} == {(told.result, told.personal) for told in trail(database)}
    database.engine.dispose()


@pytest.mark.parametrize("personal", [None, FROM_HOME], ids=["machines", "people"])
def test_a_batch_keeps_its_order(database: Database, personal: Personal | None) -> None:
    """A hundred events, numbered as they came, each beside its own values."""
    batch = [replace(EVENT, result=f"n{number}", personal=(number % 2 and personal) or None) for number in range(100)]
    written(database, *batch)
    assert [(told.result, told.personal) for told in batch] == [
        (told.result, told.personal) for told in trail(database)
    ]


def test_an_empty_batch_is_nothing(database: Database) -> None:
    """No statement fails for want of rows."""
    written(database)
    assert [] == trail(database)


def test_an_event_lives_and_dies_with_its_transaction(database: Database) -> None:
    """What was rolled back never happened; batches too."""

    def record_and_fail() -> None:
        with database.writing() as connection:
            record(connection, replace(EVENT, personal=FROM_HOME), entropy=secrets.token_bytes)
            record_many(connection, [EVENT], entropy=secrets.token_bytes)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record_and_fail()
    assert [] == trail(database)


@pytest.mark.parametrize(
    "sent", ["\x00", "\ud800", "'; DROP TABLE audit_events; --", "\t\n\r\x1b[31m", "\\N", "\\.", "x" * 100_000, "🚗"]
)
def test_whatever_was_sent_can_be_recorded(database: Database, sent: str) -> None:
    """A stranger chooses it: nothing in it makes recording fail, alone or in a batch."""
    told = replace(EVENT, details={"sent": sent, sent: 1}, actor=sent, result=sent, client_id=sent)
    with_values = replace(told, personal=Personal(address=sent, user_agent=sent, place=sent))
    with database.writing() as connection:
        record(connection, with_values, entropy=secrets.token_bytes)
    written(database, with_values, told)
    written(database, told)
    assert 4 == len(trail(database))


def test_the_row_keeps_the_hash_of_what_is_forgotten(database: Database) -> None:
    """While the values stand beside it they can be checked; afterwards the row is as it was, and tells nothing."""
    with database.writing() as connection:
        record(connection, replace(EVENT, personal=FROM_HOME), entropy=secrets.token_bytes)
        record(connection, replace(EVENT, personal=FROM_HOME), entropy=secrets.token_bytes)
    with database.reading() as connection:
        hashes = list(connection.execute(select(EVENTS.c.personal_hash).order_by(EVENTS.c.id)).scalars())
        beside = connection.execute(select(PERSONAL).order_by(PERSONAL.c.event_id)).mappings().all()
    assert hashes == [personal_hash(dict(row)) for row in beside]
    assert hashes[0] != hashes[1]
    prune(database, 5.0 + 180 * DAY)
    assert FROM_HOME == trail(database)[0].personal
    prune(database, 5.1 + 180 * DAY)
    assert [None, None] == [told.personal for told in trail(database)]
    with database.reading() as connection:
        assert hashes == list(connection.execute(select(EVENTS.c.personal_hash).order_by(EVENTS.c.id)).scalars())


def test_a_batch_fails_as_storage_does(postgresql_url: str) -> None:
    """The driver is spoken to directly for speed; whoever waits for storage still sees storage's own error."""
    database = Database(open_engine(postgresql_url))

    def record_on_a_dead_connection() -> None:
        with database.writing() as connection:
            pid = connection.execute(select(func.pg_backend_pid())).scalar_one()
            with psycopg.connect(postgresql_url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])
            record_many(connection, [EVENT], entropy=secrets.token_bytes)

    with pytest.raises(StorageUnavailable):
        record_on_a_dead_connection()
    written(database, EVENT)
    assert 1 == len(trail(database))
    database.engine.dispose()
