"""The SQL that counts failures by place, and takes them back; after the check, in the transaction that records it.

A pair of unknown browser and typed name is counted once in its hour, however often it fails, and given back when it
succeeds. Rows are touched in one order (pair, name, address, network), so that no two transactions wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Delete,
    Double,
    Row,
    Select,
    String,
    bindparam,
    delete,
    exists,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.sql.dml import ReturningInsert

from idp.lockout.models import COUNTERS
from idp.lockout.origin import Origin
from idp.lockout.policy import GuessKind
from idp.lockout.statements import Insert, fixed, insert_for

_C = COUNTERS.c
_COLUMNS = ("key", "kind", "window_started", "failures", "consecutive")
_ONCE = (GuessKind.PAIR, GuessKind.NAME)
_PLACES = (GuessKind.ADDRESS, GuessKind.NETWORK)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFailures:
    """How often a place has failed now, None where this failure was counted before; and whether the name is new."""

    address: int | None = None
    network: int | None = None
    new_name: bool = False


def place_parameters(origin: Origin) -> dict[str, Any]:
    """Give the values that the statements here bind."""
    return {
        "hour": origin.hour,
        "pair_key": origin.pair_key,
        "name_key": origin.name_key,
        "address_key": origin.address_key,
        "network_key": origin.network_key,
    }


def count_by_place(connection: Connection, origin: Origin) -> PlaceFailures:
    """Count a failure, with a statement for each step: PostgreSQL has them as `place_ctes` in one."""
    bound = place_parameters(origin)
    fresh = set(connection.execute(_once(connection.dialect.name), bound).scalars())
    if GuessKind.PAIR.value not in fresh:
        return PlaceFailures(new_name=GuessKind.NAME.value in fresh)
    counted = {row.kind: row.failures for row in connection.execute(_raise(connection.dialect.name), bound)}
    return PlaceFailures(
        address=counted[GuessKind.ADDRESS.value],
        network=counted[GuessKind.NETWORK.value],
        new_name=GuessKind.NAME.value in fresh,
    )


def place_columns() -> tuple[ColumnElement[Any], ...]:
    """Give the counting as CTEs of a PostgreSQL statement, by the columns that `failures_from` reads."""
    fresh = _once("postgresql").cte("fresh")
    counted = _raise("postgresql", after=fresh).cte("counted_places")
    return (
        *(
            select(counted.c.failures).where(counted.c.kind == fixed(kind.value)).scalar_subquery().label(kind.value)
            for kind in _PLACES
        ),
        select(fresh.c.kind).where(fresh.c.kind == fixed(GuessKind.NAME.value)).scalar_subquery().label("new_name"),
    )


def failures_from(row: Row[*tuple[Any, ...]]) -> PlaceFailures:
    """Read the columns of `place_columns`."""
    return PlaceFailures(address=row.address, network=row.network, new_name=row.new_name is not None)


def forgive_by_place(connection: Connection, origin: Origin) -> None:
    """Take back what this pair has failed in this hour: it has succeeded."""
    bound = place_parameters(origin)
    if connection.execute(_forget_pair(), bound).rowcount:
        connection.execute(_lower(connection.dialect.name), bound)


def forgive_ctes() -> tuple[CTE, CTE]:
    """Give the same as CTEs of a PostgreSQL statement."""
    forgiven = _forget_pair().returning(_C.key).cte("forgiven")
    return forgiven, _lower("postgresql", after=forgiven).cte("lowered")


@cache
def _once(dialect: str) -> ReturningInsert[Any]:
    insert = insert_for(dialect)(COUNTERS)
    rows = insert.from_select(_COLUMNS, _rows(_ONCE, failures=1), include_defaults=False)
    return rows.on_conflict_do_nothing().returning(_C.kind)


def _raise(dialect: str, *, after: CTE | None = None) -> ReturningInsert[Any]:
    pair = None if after is None else exists().where(after.c.kind == fixed(GuessKind.PAIR.value))
    insert = insert_for(dialect)(COUNTERS)
    return (
        insert.from_select(_COLUMNS, _rows(_PLACES, failures=1, when=pair), include_defaults=False)
        .on_conflict_do_update(index_elements=["key"], set_={"failures": _C.failures + fixed(1)})
        .returning(_C.kind, _C.failures)
    )


def _lower(dialect: str, *, after: CTE | None = None) -> Insert:
    forgiven = None if after is None else exists().where(after.c.key.is_not(None))
    insert = insert_for(dialect)(COUNTERS)
    return insert.from_select(
        _COLUMNS, _rows(_PLACES, failures=0, when=forgiven), include_defaults=False
    ).on_conflict_do_update(
        index_elements=["key"], set_={"failures": _C.failures - fixed(1)}, where=_C.failures > fixed(0)
    )


@cache
def _forget_pair() -> Delete:
    return delete(COUNTERS).where(_C.key == bindparam("pair_key", type_=String))


def _rows(
    kinds: tuple[GuessKind, GuessKind], *, failures: int, when: ColumnElement[bool] | None = None
) -> Select[*tuple[Any, ...]]:
    """Give the two rows in this order; none unless `when`."""
    each = [
        select(
            bindparam(f"{kind.value}_key", type_=String).label("key"),
            fixed(kind.value).label("kind"),
            bindparam("hour", type_=Double).label("window_started"),
            fixed(failures).label("failures"),
            fixed(0).label("consecutive"),
        )
        for kind in kinds
    ]
    rows = union_all(*each).subquery("rows")
    return select(*rows.c).where(literal_column("true") if when is None else when)
