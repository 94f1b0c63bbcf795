"""The SQL that counts a guess at a password before it is checked, and takes it back when it was right.

`gate` finds out under which key to count and how the guess's place stands; `count_attempt` counts where that lets it.
Only the row of the name is written here, so that sign-ins from one place never wait for each other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    LargeBinary,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql.dml import ReturningInsert

from idp.lockout.keys import account_key_in_sql, device_key_in_sql
from idp.lockout.models import COUNTERS, KNOWN
from idp.lockout.places import LIMITS
from idp.lockout.policy import BUDGETS, DELAYS, STOP_AFTER, GuessKind
from idp.lockout.statements import Insert, fixed, insert_for, is_over, one_more

ALARM_KEY = "alarm"
ALARM_SECONDS = 3600.0
"""For so long, once stuffing was detected, every browser that is not known is asked for work."""

_C = COUNTERS.c
_BUDGET = BUDGETS[GuessKind.IDENTIFIER]
_NOW = bindparam("now", type_=Double)


def attempt_parameters(
    *, identifier_key: str, address_key: str, network_key: str, device_digest: bytes | None, worked: bool, now: float
) -> dict[str, Any]:
    """Give the values that `gate` and `count_attempt` bind; `worked` is whether work has paid for this guess."""
    return {
        "identifier_key": identifier_key,
        "address_key": address_key,
        "network_key": network_key,
        "device_digest": device_digest,
        "now": now,
        **{f"{kind.value}_limit": limits.refused if worked else limits.work for kind, limits in LIMITS.items()},
        # Nothing was raised later than this: who has worked is past every alarm.
        "alarmed_after": now + ALARM_SECONDS if worked else now - ALARM_SECONDS,
    }


def gate(account_id: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    """Give the one row that tells where a guess at this account (null: nobody) is counted, and how its place stands."""
    device = select(KNOWN.c.id).where(
        KNOWN.c.handle_digest == bindparam("device_digest", type_=LargeBinary),
        KNOWN.c.account_id == account_id,
        KNOWN.c.expires_at > _NOW,
    )
    device_id = device.scalar_subquery()
    alarmed = select(_C.window_started).where(
        _C.key == fixed(ALARM_KEY),
        _C.window_started > bindparam("alarmed_after", type_=Double),
        # One from far ahead was raised by a clock that has been set right since.
        _C.window_started <= _NOW + fixed(ALARM_SECONDS),
    )
    return select(
        func.coalesce(
            device_key_in_sql(device_id), account_key_in_sql(account_id), bindparam("identifier_key", type_=String)
        ).label("counter_key"),
        device_id.label("device_id"),
        _failures_of("address_key").label("address_failures"),
        _failures_of("network_key").label("network_failures"),
        alarmed.scalar_subquery().label("alarmed_at"),
    )


def is_open(row: FromClause) -> ColumnElement[bool]:
    """Give whether the place of a guess lets it be counted: a known browser always does."""
    return or_(
        row.c.device_id.is_not(None),
        and_(
            *(
                func.coalesce(row.c[f"{kind.value}_failures"], fixed(0))
                < bindparam(f"{kind.value}_limit", type_=Integer)
                for kind in LIMITS
            ),
            row.c.alarmed_at.is_(None),
        ),
    )


def count_attempt(dialect: str, opened: FromClause) -> ReturningInsert[Any]:
    """Give the statement that counts one failure under the `counter_key` of `opened`; nothing where it is refused."""
    first = {
        "key": opened.c.counter_key,
        "kind": fixed(GuessKind.IDENTIFIER.value),
        "window_started": _NOW,
        "failures": fixed(1),
        "consecutive": fixed(1),
    }
    over, changed = is_over(_BUDGET, _NOW), one_more(_BUDGET, _NOW)
    farthest = fixed(max(DELAYS.values()))
    waited = or_(_C.next_at.is_(None), _C.next_at <= _NOW, _C.next_at > _NOW + farthest)
    delayed = [(changed["failures"] == fixed(failures), _NOW + fixed(delay)) for failures, delay in DELAYS.items()]
    return (
        insert_for(dialect)(COUNTERS)
        .from_select(list(first), select(*first.values()).where(is_open(opened)), include_defaults=False)
        .on_conflict_do_update(
            index_elements=["key"],
            set_=changed | {"consecutive": _C.consecutive + fixed(1), "next_at": case(*delayed, else_=null())},
            where=and_(
                _C.consecutive < fixed(STOP_AFTER),
                or_(over, and_(_C.failures < fixed(_BUDGET.failures), waited)),
            ),
        )
        .returning(
            _C.window_started.label("counted_window"),
            _C.failures.label("counted_failures"),
            _C.consecutive.label("counted_consecutive"),
        )
    )


def with_counter(opened: FromClause) -> Select[*tuple[Any, ...]]:
    """Give `gate`'s row and how its counter stands, before anything is counted."""
    names = ("window_started", "failures", "exhausted_at", "consecutive", "next_at")
    before = COUNTERS.alias("before")
    columns = [before.c[name].label(f"before_{name}") for name in names]
    return select(*opened.c, *columns).select_from(opened.outerjoin(before, before.c.key == opened.c.counter_key))


def attempt_in_one(found: CTE) -> Select[*tuple[Any, ...]]:
    """Give the whole of it for PostgreSQL, about the account in `found` (whose row may be missing).

    The columns are those that `reservation_from` reads, then those of `found`. `before_…` is as it stood before the
    statement; a row that came into being meanwhile is not among them.
    """
    opened = gate(select(found.c.id).scalar_subquery()).cte("gate")
    counted = count_attempt("postgresql", opened).cte("counted")
    stood = with_counter(opened).subquery("stood")
    return select(*stood.c, *counted.c, *found.c).select_from(stood.outerjoin(counted, true()).outerjoin(found, true()))


def give_back(dialect: str, *, right: bool) -> Insert:
    """Give the statement that takes back one failure, unless its counter has begun to count anew meanwhile.

    It binds `counter_key` and `counter_window`. A `right` guess also ends the row of failures; one that was not looked
    at does not. It is an INSERT because the counter may have been pruned meanwhile: then it comes back empty.
    """
    columns = ("key", "kind", "window_started", "failures", "consecutive")
    row = select(
        bindparam("counter_key", type_=String),
        fixed(GuessKind.IDENTIFIER.value),
        bindparam("counter_window", type_=Double),
        fixed(0),
        fixed(0),
    ).where(true())  # SQLite reads ON after a bare SELECT as the beginning of a join
    insert = insert_for(dialect)(COUNTERS).from_select(columns, row, include_defaults=False)
    mine = (_C.window_started == insert.excluded.window_started) & (_C.failures > fixed(0))
    one_less = case((_C.consecutive > fixed(0), _C.consecutive - fixed(1)), else_=fixed(0))
    return insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "failures": case((mine, _C.failures - fixed(1)), else_=_C.failures),
            "exhausted_at": case((mine, null()), else_=_C.exhausted_at),
            "next_at": case((mine, null()), else_=_C.next_at),
            "consecutive": fixed(0) if right else one_less,
        },
    )


def _failures_of(key: str) -> ScalarSelect[int]:
    return select(_C.failures).where(_C.key == bindparam(key, type_=String)).scalar_subquery()
