"""Count events over time: what charts are drawn from."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Integer, cast, func, select

from idp.audit.models import EVENTS


def counts_by_time(
    connection: Connection, types: Collection[str], *, since: float, step: float, buckets: int
) -> dict[str, list[int]]:
    """Give for each type how many events fell into each of `buckets` spans of `step` seconds from `since` on."""
    # floor, and not a cast alone: PostgreSQL rounds when it casts.
    bucket = cast(func.floor((EVENTS.c.at - since) / step), Integer)
    rows = connection.execute(
        select(EVENTS.c.type, bucket, func.count())
        .where(EVENTS.c.type.in_(types), EVENTS.c.at >= since, EVENTS.c.at < since + step * buckets)
        .group_by(EVENTS.c.type, bucket)
    )
    counted = {name: [0] * buckets for name in types}
    for name, place, count in rows:
        counted[name][min(place, buckets - 1)] = count
    return counted
