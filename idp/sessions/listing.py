"""The sessions of a person that are going on, for the person's own list."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Double, literal, select

from idp.sessions.find import live
from idp.sessions.models import SESSIONS

_C = SESSIONS.c
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """One session as its owner sees it; instants are seconds since the epoch."""

    sid: str
    created_at: float
    last_seen_at: float
    user_agent_label: str | None
    address: str | None
    shared_device: bool


_SHOWN = [_C[name] for name in ListedSession.__dataclass_fields__]


def sessions_of(connection: Connection, *, account_id: str, now: float) -> list[ListedSession]:
    """Give the sessions of an account that are going on, the one that was used last first."""
    found = connection.execute(
        select(*_SHOWN)
        .where(_C.account_id == account_id, live(literal(now, type_=Double)))
        .order_by(_C.last_seen_at.desc(), _C.sid)
        .limit(MOST_SHOWN)
    )
    return [ListedSession(**row._asdict()) for row in found]
