"""Write events: alone, in batches, or as part of another chapter's statement.

On PostgreSQL an event and its personal values are one statement, and `insert_ctes` gives the same two inserts to an act
that joins them with others; SQLite, which has no writing inside WITH, runs two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import CTE, ColumnElement, Connection, Insert, Select, String, bindparam, insert, select
from sqlalchemy import cast as sql_cast

from idp.audit.bulk import copy_events
from idp.audit.events import Event, Personal
from idp.audit.models import EVENTS, PERSONAL
from idp.audit.policy import MAX_TEXT, SALT_BYTES, fitting_details, fitting_personal, fitting_text, personal_hash
from idp.storage.handles import Entropy

_EVENT_COLUMNS = tuple(column.name for column in EVENTS.c if column.name != "id")
_TEXTS = ("actor", "result", "account_id", "client_id", "sid", "reference")
_LENGTHS = {name: cast("String", EVENTS.c[name].type).length or MAX_TEXT for name in _TEXTS}
_PERSONAL_COLUMNS = ("at", "salt", "address", "user_agent", "place")

_Rows = tuple[dict[str, Any], dict[str, Any] | None]
"""The row of an event, and of its personal values if it has any."""


class EventCtes(NamedTuple):
    """The two inserts of one event; both must be named in the statement's WITH (`add_cte`)."""

    event: CTE
    personal: CTE


@cache
def insert_ctes(prefix: str = "event") -> EventCtes:
    """Give the inserts of one event as CTEs for a PostgreSQL statement; `parameters` gives what they bind.

    A statement that records several events gives each its own prefix.
    """
    event = _insert_event(prefix).returning(EVENTS.c.id).cte(f"{prefix}_row")
    salted = select(event.c.id, *(_bound(prefix, "personal_", PERSONAL.c[name]) for name in _PERSONAL_COLUMNS)).where(
        _bound(prefix, "personal_", PERSONAL.c.salt).is_not(None)
    )
    personal = insert(PERSONAL).from_select(("event_id", *_PERSONAL_COLUMNS), salted).cte(f"{prefix}_personal")
    return EventCtes(event, personal)


def parameters(event: Event, *, entropy: Entropy, prefix: str = "event") -> dict[str, Any]:
    """Give the values that `insert_ctes(prefix)` binds, cut to what the columns hold."""
    row, personal = _rows(event, entropy)
    bound = {f"{prefix}_{name}": row[name] for name in _EVENT_COLUMNS}
    return bound | {f"{prefix}_personal_{name}": (personal or {}).get(name) for name in _PERSONAL_COLUMNS}


def record(connection: Connection, event: Event, *, entropy: Entropy) -> int:
    """Write one event and give its id."""
    if connection.dialect.name == "postgresql":
        return connection.execute(_single(), parameters(event, entropy=entropy)).scalar_one()
    return _insert_many(connection, [_rows(event, entropy)])[0]


def record_many(connection: Connection, events: Iterable[Event], *, entropy: Entropy) -> None:
    """Write a batch of events in their order, cheapest when none of them carries personal values."""
    rows = [_rows(event, entropy) for event in events]
    if connection.dialect.name == "postgresql" and not any(personal for _, personal in rows):
        copy_events(connection, [row for row, _ in rows])
    elif rows:
        _insert_many(connection, rows)


def _insert_many(connection: Connection, rows: Sequence[_Rows]) -> Sequence[int]:
    ids = connection.execute(
        insert(EVENTS).returning(EVENTS.c.id, sort_by_parameter_order=True), [row for row, _ in rows]
    ).scalars()
    known = list(map(int, ids))
    beside = [{**personal, "event_id": id_} for id_, (_, personal) in zip(known, rows, strict=True) if personal]
    if beside:
        connection.execute(insert(PERSONAL), beside)
    return known


@cache
def _single() -> Select[int]:
    ctes = insert_ctes()
    return select(ctes.event.c.id).add_cte(ctes.personal)


def _insert_event(prefix: str) -> Insert:
    return insert(EVENTS).values({name: _bound(prefix, "", EVENTS.c[name]) for name in _EVENT_COLUMNS})


def _bound(prefix: str, infix: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    # Cast: in a select, PostgreSQL can't tell the type of a bare parameter.
    return sql_cast(bindparam(f"{prefix}_{infix}{column.name}", type_=column.type), column.type)


def _rows(event: Event, entropy: Entropy) -> _Rows:
    personal = None if event.personal is None else _personal_row(event.at, fitting_personal(event.personal), entropy)
    row = {
        **{name: _fitting_column(name, getattr(event, name)) for name in _TEXTS},
        "at": event.at,
        "type": event.type.value,
        "details": fitting_details(event.details),
        "personal_hash": personal and personal_hash(personal),
    }
    return row, personal


def _personal_row(at: float, personal: Personal, entropy: Entropy) -> dict[str, Any]:
    return {
        "at": at,
        "salt": entropy(SALT_BYTES),
        "address": personal.address,
        "user_agent": personal.user_agent,
        "place": personal.place,
    }


def _fitting_column(name: str, text: str | None) -> str | None:
    return None if text is None else fitting_text(text, _LENGTHS[name])
