"""The guesses that work has paid for: a few, in the journey and from the network that did it, for ten minutes."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Double, String, bindparam, update
from sqlalchemy.sql.dml import ReturningUpdate

from idp.lockout.models import COUNTERS
from idp.lockout.policy import GuessKind
from idp.lockout.statements import insert_for
from idp.lockout.work import GUESSES, LIFETIME

_C = COUNTERS.c


def pay(connection: Connection, *, key: str, now: float) -> None:
    """Let the next few guesses under `key` be checked; what an earlier answer has left over is not added."""
    connection.execute(_paid(connection.dialect.name), {"key": key, "now": now})


def use_paid(connection: Connection, *, key: str, now: float) -> bool:
    """Use one of the guesses that were paid for; gives whether there was one."""
    return connection.execute(_used(), {"paid_key": key, "since": now - LIFETIME}).first() is not None


@cache
def _paid(dialect: str) -> Any:  # noqa: ANN401 - an INSERT of either dialect
    now = bindparam("now", type_=Double)
    row = {
        "key": bindparam("key", type_=String),
        "kind": GuessKind.WORK.value,
        "window_started": now,
        "failures": 0,
        "consecutive": 0,
    }
    insert = insert_for(dialect)(COUNTERS).values(row)
    return insert.on_conflict_do_update(index_elements=["key"], set_={"window_started": now, "failures": 0})


@cache
def _used() -> ReturningUpdate[Any]:
    fresh = _C.window_started > bindparam("since", type_=Double)
    return (
        update(COUNTERS)
        .where(_C.key == bindparam("paid_key", type_=String), fresh, _C.failures < GUESSES)
        .values(failures=_C.failures + 1)
        .returning(_C.key)
    )
