"""Whether somebody is trying lists of other people's passwords (credential stuffing), and what that changes.

One guess at each of many names, from many places: no single budget sees it. What is looked at are the different names
and wider networks that have failed in this clock hour, in browsers that nobody is known in, beside how many sign-ins
succeed at the moment. While the alarm holds, unknown browsers everywhere are asked for work: one household has
hundreds of IPv6 networks, and must not be able to bring that about alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Double, Select, bindparam, func, select
from sqlalchemy.sql.dml import ReturningInsert

from idp.audit.events import EventType
from idp.audit.latest import latest_by_type
from idp.lockout.attempts import ALARM_KEY, ALARM_SECONDS
from idp.lockout.models import COUNTERS
from idp.lockout.origin import Origin
from idp.lockout.policy import GuessKind
from idp.lockout.statements import fixed, insert_for

NAMES: Final = 200
NETWORKS: Final = 20
REFUSED_FOR_EACH_SUCCESS: Final = 4

_C = COUNTERS.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Recently:
    """Different names and wider networks that failed in this hour, and how the latest sign-ins ended."""

    names: int
    networks: int
    refused: int
    succeeded: int


def is_stuffing(recently: Recently) -> bool:
    """Judge by many names, many networks, and few that get in: people who mistype mostly get in next."""
    many = recently.names >= NAMES and recently.networks >= NETWORKS
    return many and recently.refused >= REFUSED_FOR_EACH_SUCCESS * recently.succeeded


def looks_now(origin: Origin) -> bool:
    """Whether this failure is one of the eighth that is worth the reading, by chance that nobody outside can steer."""
    return origin.name_key.partition(":")[2][:1] in "ABCDEFGH"


def raise_alarm(connection: Connection, origin: Origin, *, now: float) -> bool:
    """Look at what failed recently; gives whether the alarm was raised by this very look."""
    if not is_stuffing(_recently(connection, origin)):
        return False
    return connection.execute(_raise(connection.dialect.name), {"now": now}).first() is not None


def _recently(connection: Connection, origin: Origin) -> Recently:
    failed = {row[0]: row[1] for row in connection.execute(_failed(), {"hour": origin.hour}).all()}
    ended = latest_by_type(connection, since=origin.hour)
    return Recently(
        names=failed.get(GuessKind.NAME.value, 0),
        networks=failed.get(GuessKind.NETWORK.value, 0),
        refused=ended.get(EventType.SIGN_IN_REFUSED.value, 0),
        succeeded=ended.get(EventType.SIGN_IN_SUCCEEDED.value, 0),
    )


@cache
def _failed() -> Select[*tuple[Any, ...]]:
    counted = _C.kind.in_([GuessKind.NAME.value, GuessKind.NETWORK.value])
    here = (_C.window_started == bindparam("hour", type_=Double)) & counted & (_C.failures > 0)
    return select(_C.kind, func.count()).where(here).group_by(_C.kind)


@cache
def _raise(dialect: str) -> ReturningInsert[Any]:
    """Raise the alarm unless it was raised within half of its time: it goes on as long as the stuffing does."""
    now = bindparam("now", type_=Double)
    row = {"key": ALARM_KEY, "kind": GuessKind.ALARM.value, "window_started": now, "failures": 1, "consecutive": 0}
    half = fixed(ALARM_SECONDS / 2)
    return (
        insert_for(dialect)(COUNTERS)
        .values(row)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={"window_started": now},
            where=(_C.window_started <= now - half) | (_C.window_started > now + half),
        )
        .returning(_C.key)
    )
