"""Events as evidence of a quarter: what was done to keys, clients, staff and accounts, with its number in the chain.

A type belongs to a subject by its name, so that an event that is new (`keys.…`, `approval.…`) is evidence without a
line here. What customers do themselves says nothing of how the house is kept, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from idp.audit.events import EventType
from idp.audit.models import EVENTS, SEALS

SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "keys": ("keys.",),
    "compromises": (EventType.KEYS_COMPROMISED, "incident."),
    "drills": ("drill.",),
    "approvals": ("approval.",),
    "staff": ("staff.",),
    "clients": (
        EventType.CLIENT_ADDED,
        EventType.CLIENT_CHANGED,
        EventType.CLIENT_DISABLED,
        EventType.CLIENT_ENABLED,
        EventType.CLIENT_SECRET_ROTATED,
    ),
    "support": (
        EventType.ACCOUNT_UNLOCKED,
        EventType.FACTORS_RESET,
        EventType.DESK_ACTED,
        EventType.DESK_REVEALED,
        EventType.DESK_REFUSED,
    ),
}
"""What evidence is about: whole names of types, and beginnings, which end in a dot. A whole name counts first."""

OF_STAFF: Final = (EventType.ACCOUNT_ADDED, EventType.ACCOUNT_DISABLED, EventType.ACCOUNT_ENABLED)
"""What belongs to "staff" when it is about one of them."""

DRILL: Final = "drill"
_QUARTER = re.compile(r"([12][0-9]{3})Q([1-4])")
_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a year in UTC; `until` is its first instant that is not in it."""

    name: str
    since: float
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An event as evidence; `seq` is its number in the chain, None while it is not sealed."""

    seq: int | None
    id: int
    at: float
    type: str
    actor: str
    result: str
    account_id: str | None
    client_id: str | None
    reference: str | None
    details: Mapping[str, Any]


def quarter_named(name: str) -> Quarter:
    """Read a name like 2026Q4.

    Raises:
        ValueError: it is none.
    """
    match = _QUARTER.fullmatch(name.strip().upper())
    if match is None:
        raise ValueError(f"{name} is not a quarter like 2026Q4")
    months = 12 * int(match[1]) + _MONTHS * (int(match[2]) - 1)
    return Quarter(match[0], _first_of(months), _first_of(months + _MONTHS))


def evidence_events(
    connection: Connection, quarter: Quarter, *, staff: Collection[str], drills: Collection[str]
) -> dict[str, list[Shown]]:
    """Give the quarter's events by subject, oldest first.

    `staff` are the ids of its accounts, `drills` the ids of incidents that were rehearsals.
    """
    columns = [SEALS.c.seq, *(EVENTS.c[name] for name in Shown.__slots__ if name != "seq")]
    joined = EVENTS.outerjoin(SEALS, SEALS.c.event_id == EVENTS.c.id)
    within = (EVENTS.c.at >= quarter.since, EVENTS.c.at < quarter.until)
    question = select(*columns).select_from(joined).where(*within, _wanted(staff)).order_by(EVENTS.c.at, EVENTS.c.id)
    found: dict[str, list[Shown]] = {subject: [] for subject in SUBJECTS}
    for row in connection.execute(question).mappings():
        shown = Shown(**row)
        found[_subject(shown, drills)].append(shown)
    return found


def last_sign_ins(connection: Connection, *, accounts: Collection[str]) -> dict[str, float]:
    """Say when each of these accounts last signed in; those that never did are left out."""
    opened = (EVENTS.c.account_id.in_(sorted(accounts)), EVENTS.c.type == EventType.SESSION_OPENED.value)
    last = select(EVENTS.c.account_id, func.max(EVENTS.c.at)).where(*opened).group_by(EVENTS.c.account_id)
    return {row[0]: row[1] for row in connection.execute(last)}


def _first_of(months: int) -> float:
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC).timestamp()


def _wanted(staff: Collection[str]) -> ColumnElement[bool]:
    names = [name for named in SUBJECTS.values() for name in named]
    whole = [str(name) for name in names if not name.endswith(".")]
    beginnings = [EVENTS.c.type.startswith(name, autoescape=True) for name in names if name.endswith(".")]
    of_staff = and_(EVENTS.c.type.in_([str(name) for name in OF_STAFF]), EVENTS.c.account_id.in_(sorted(staff)))
    return or_(EVENTS.c.type.in_(whole), *beginnings, of_staff)


def _subject(event: Shown, drills: Collection[str]) -> str:
    """Name the subject of an event that is wanted; a rehearsed compromise is a drill, and so is its review."""
    incident = event.details.get("incident", event.details.get("id"))
    if DRILL in event.type or event.details.get("purpose") == DRILL or incident in drills:
        return "drills"
    whole = (subject for subject, named in SUBJECTS.items() if event.type in named)
    begun = (subject for subject, named in SUBJECTS.items() for name in named if _begins(event.type, name))
    return next(whole, None) or next(begun, "staff")


def _begins(type: str, name: str) -> bool:
    return name.endswith(".") and type.startswith(name)
