"""The SQL of counting, in parts that other statements can hold.

A counter is raised by one INSERT … ON CONFLICT DO UPDATE that does nothing once the budget is used up, so that the
row's lock decides between guesses at the same moment. The address's row is always touched before the identifier's:
locks taken in one order never close a circle. An address without budget uses up nobody else's.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    ScalarSelect,
    String,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from idp.lockout.models import COUNTERS
from idp.lockout.policy import BUDGETS, GuessKind

Insert = postgresql.Insert | sqlite.Insert
_C = COUNTERS.c


def insert_for(dialect: str) -> type[postgresql.Insert | sqlite.Insert]:
    """Give the INSERT of a database that knows ON CONFLICT."""
    return postgresql.Insert if dialect == "postgresql" else sqlite.Insert


def count(
    dialect: str, kind: GuessKind, key: ColumnElement[str], *, after: FromClause | None = None
) -> ReturningInsert[Any]:
    """Give the statement that counts one failure at `now` and returns the key and since when the counter counts.

    No row comes back when the budget is used up. With `after`, nothing is counted unless that has a row.
    """
    budget = BUDGETS[kind]
    now = bindparam("now", type_=Double)
    first = {
        "key": key,
        "kind": _fixed(kind.value),
        "window_started": now,
        "failures": _fixed(1),
    }
    insert = insert_for(dialect)(COUNTERS)
    if after is None:
        insert = insert.values(first)
    else:
        insert = insert.from_select(list(first), select(*first.values()).select_from(after))
    since = func.coalesce(_C.exhausted_at, _C.window_started)
    # One that begins far ahead was begun by a clock that has been set right since: it must not rest until then.
    over = or_(since <= now - _fixed(budget.seconds), since > now + _fixed(budget.seconds))
    one_more = _C.failures + _fixed(1)
    return insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "failures": case((over, _fixed(1)), else_=one_more),
            "window_started": case((over, now), else_=_C.window_started),
            "exhausted_at": case((over, null()), (one_more >= _fixed(budget.failures), now), else_=null()),
        },
        where=or_(over, _C.failures < _fixed(budget.failures)),
    ).returning(_C.key, _C.window_started)


@cache
def give_back(dialect: str) -> Insert:
    """Give the statement that takes back one failure from each counter, unless it has begun to count anew meanwhile.

    It binds `address_key`, `address_window`, `identifier_key` and `identifier_window`. It is an INSERT so that both
    databases take the rows in this order; a counter that was pruned meanwhile comes back empty.
    """
    rows = [
        select(
            bindparam(f"{kind.value}_key", type_=String),
            _fixed(kind.value),
            bindparam(f"{kind.value}_window", type_=Double),
            _fixed(0),
        ).where(true())  # SQLite reads ON after a bare SELECT as the beginning of a join
        for kind in (GuessKind.ADDRESS, GuessKind.IDENTIFIER)
    ]
    columns = ("key", "kind", "window_started", "failures")
    insert = insert_for(dialect)(COUNTERS).from_select(columns, union_all(*rows))
    return insert.on_conflict_do_update(
        index_elements=["key"],
        set_={"failures": _C.failures - _fixed(1), "exhausted_at": null()},
        where=(_C.window_started == insert.excluded.window_started) & (_C.failures > _fixed(0)),
    )


def rests_until(kind: GuessKind, key: ColumnElement[str]) -> ScalarSelect[float]:
    """Give the instant at which a counter begins anew, null when there is none yet."""
    end = func.coalesce(_C.exhausted_at, _C.window_started) + _fixed(BUDGETS[kind].seconds)
    return select(end).where(_C.key == key).scalar_subquery()


class ReservationCtes(NamedTuple):
    """Both counts as CTEs, the second depending on the first, and the columns that tell how they went."""

    address: CTE
    identifier: CTE
    columns: tuple[ColumnElement[Any], ...]


def reservation_ctes(identifier_key: ColumnElement[str]) -> ReservationCtes:
    """Give the counts of one guess as CTEs for a PostgreSQL statement that binds `address_key` and `now`.

    `columns` belong into its SELECT list and are what `reservation_from` reads. The ends of rests are as they stood
    before the statement; a row that came into being meanwhile is not among them.
    """
    address_key = bindparam("address_key", type_=String)
    address = count("postgresql", GuessKind.ADDRESS, address_key).cte("counted_address")
    identifier = count("postgresql", GuessKind.IDENTIFIER, identifier_key, after=address).cte("counted_identifier")
    columns = (
        select(address.c.window_started).scalar_subquery().label("address_window"),
        select(identifier.c.window_started).scalar_subquery().label("identifier_window"),
        identifier_key.label("identifier_key"),
        rests_until(GuessKind.ADDRESS, address_key).label("address_rests_until"),
        rests_until(GuessKind.IDENTIFIER, identifier_key).label("identifier_rests_until"),
    )
    return ReservationCtes(address, identifier, columns)


def _fixed(value: str | float) -> ColumnElement[Any]:
    """Write one of our own constants into the SQL itself: each value that is bound costs something on every call."""
    types: dict[type, type[TypeEngine[Any]]] = {str: String, int: Integer, float: Double}
    return literal_column(repr(value), types[type(value)])
