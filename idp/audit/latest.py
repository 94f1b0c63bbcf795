"""How the latest events divide by type: enough to see whether something unusual is going on at the moment."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Double, Select, bindparam, func, select

from idp.audit.models import EVENTS

LATEST = 1000


def latest_by_type(connection: Connection, *, since: float) -> dict[str, int]:
    """Count the latest thousand events by type, as far as they are not older than `since` (an instant)."""
    return {row[0]: row[1] for row in connection.execute(_by_type(), {"since": since}).all()}


@cache
def _by_type() -> Select[*tuple[Any, ...]]:
    latest = select(EVENTS.c.type, EVENTS.c.at).order_by(EVENTS.c.id.desc()).limit(LATEST).subquery()
    recent = latest.c.at >= bindparam("since", type_=Double)
    return select(latest.c.type, func.count()).where(recent).group_by(latest.c.type)
