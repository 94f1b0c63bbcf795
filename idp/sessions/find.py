"""Find the session that a browser's handle stands for, if it is still going on."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, Select, and_, bindparam, func, select, update

from idp.sessions.facts import COLUMNS, LiveSession, session_from
from idp.sessions.models import SESSIONS
from idp.sessions.policy import touch_due

_C = SESSIONS.c


def live(now: ColumnElement[float]) -> ColumnElement[bool]:
    """Give the SQL condition that a session is going on: not ended, used within its idle time, not too old."""
    return and_(_C.ended_at.is_(None), _C.expires_at > now, _C.last_seen_at + _C.idle_seconds > now)


def find_live(connection: Connection, *, handle_digest: bytes, now: float) -> LiveSession | None:
    """Give the session that is going on under this digest of a handle, or None."""
    row = connection.execute(_live_by_digest(), {"handle_digest": handle_digest, "now": now}).one_or_none()
    return None if row is None else session_from(row)


def previous_sign_in(connection: Connection, *, account_id: str, sid: str) -> float | None:
    """Give the instant of the account's last sign-in in another session than this one, as far as is remembered."""
    latest = select(func.max(_C.auth_time)).where(_C.account_id == account_id, _C.sid != sid)
    return connection.execute(latest).scalar_one_or_none()


def touch(connection: Connection, session: LiveSession, *, now: float) -> None:
    """Note that a session is in use; writes at most once a minute."""
    if touch_due(last_seen_at=session.last_seen_at, now=now):
        connection.execute(
            update(SESSIONS)
            .where(_C.id_digest == session.id_digest, _C.ended_at.is_(None), _C.last_seen_at < now)
            .values(last_seen_at=now)
        )


@cache
def _live_by_digest() -> Select[*tuple[Any, ...]]:
    return select(*(_C[name] for name in COLUMNS)).where(
        _C.id_digest == bindparam("handle_digest"), live(bindparam("now", type_=Double))
    )
