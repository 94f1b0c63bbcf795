"""How the latest events divide by type: enough to see whether something unusual is going on at the moment.

What happens to one account many times counts once: nobody makes things look usual with an account of their own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Double, Select, String, bindparam, cast, func, select

from idp.audit.models import EVENTS

LATEST = 1000


def latest_by_type(connection: Connection, *, since: float) -> dict[str, int]:
    """Count the latest thousand events by type, as far as they are not older than `since` (an instant).

    Events of one type about the same account are one; each that is about none counts.
    """
    return {row[0]: row[1] for row in connection.execute(_by_type(), {"since": since}).all()}


@cache
def _by_type() -> Select[*tuple[Any, ...]]:
    columns = (EVENTS.c.type, EVENTS.c.at, func.coalesce(EVENTS.c.account_id, cast(EVENTS.c.id, String)).label("about"))
    latest = select(*columns).order_by(EVENTS.c.id.desc()).limit(LATEST).subquery()
    recent = latest.c.at >= bindparam("since", type_=Double)
    return select(latest.c.type, func.count(latest.c.about.distinct())).where(recent).group_by(latest.c.type)
