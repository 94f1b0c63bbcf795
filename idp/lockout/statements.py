"""The SQL of counting, in parts that other statements can hold.

A counter is raised by one INSERT … ON CONFLICT DO UPDATE that does nothing once the budget is used up, so that the
row's lock decides between guesses at the same moment. `count` is for the budgets that `take` takes from; those of
sign-in are in `attempts`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Double, Integer, ScalarSelect, String, bindparam, case, func, null, or_, select
from sqlalchemy import literal_column as literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from idp.lockout.models import COUNTERS
from idp.lockout.policy import BUDGETS, Budget, GuessKind

Insert = postgresql.Insert | sqlite.Insert
_C = COUNTERS.c


def insert_for(dialect: str) -> type[postgresql.Insert | sqlite.Insert]:
    """Give the INSERT of a database that knows ON CONFLICT."""
    return postgresql.Insert if dialect == "postgresql" else sqlite.Insert


def count(dialect: str, kind: GuessKind, key: ColumnElement[str]) -> ReturningInsert[Any]:
    """Give the statement that counts one failure at `now` and returns the key and since when the counter counts.

    No row comes back when the budget is used up.
    """
    budget = BUDGETS[kind]
    now = bindparam("now", type_=Double)
    first = {
        "key": key,
        "kind": fixed(kind.value),
        "window_started": now,
        "failures": fixed(1),
        "consecutive": fixed(0),
    }
    over = is_over(budget, now)
    return (
        insert_for(dialect)(COUNTERS)
        .values(first)
        .on_conflict_do_update(
            index_elements=["key"], set_=one_more(budget, now), where=or_(over, _C.failures < fixed(budget.failures))
        )
        .returning(_C.key, _C.window_started)
    )


def one_more(budget: Budget, now: ColumnElement[float]) -> dict[str, ColumnElement[Any]]:
    """Give what one failure more makes of a counter: a window that is over begins anew."""
    over, raised = is_over(budget, now), _C.failures + fixed(1)
    return {
        "failures": case((over, fixed(1)), else_=raised),
        "window_started": case((over, now), else_=_C.window_started),
        "exhausted_at": case((over, null()), (raised >= fixed(budget.failures), now), else_=null()),
    }


def is_over(budget: Budget, now: ColumnElement[float]) -> ColumnElement[bool]:
    """Give whether a counter begins anew.

    One that begins far ahead was begun by a clock that has been set right since: it must not rest until then.
    """
    since = func.coalesce(_C.exhausted_at, _C.window_started)
    return or_(since <= now - fixed(budget.seconds), since > now + fixed(budget.seconds))


def rests_until(kind: GuessKind, key: ColumnElement[str]) -> ScalarSelect[float]:
    """Give the instant at which a counter begins anew, null when there is none yet."""
    end = func.coalesce(_C.exhausted_at, _C.window_started) + fixed(BUDGETS[kind].seconds)
    return select(end).where(_C.key == key).scalar_subquery()


def fixed(value: str | float) -> ColumnElement[Any]:
    """Write one of our own constants into the SQL itself: each value that is bound costs something on every call."""
    types: dict[type, type[TypeEngine[Any]]] = {str: String, int: Integer, float: Double}
    return literal(repr(value), types[type(value)])
