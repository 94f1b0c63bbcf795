"""End sessions, for good: each end leaves a mark, by which every process refuses what descends from the session."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Double, literal, not_, update

from idp.sessions.find import live
from idp.sessions.models import SESSIONS
from idp.storage.marks import write_mark

_C = SESSIONS.c


def end_session(connection: Connection, *, sid: str, now: float) -> bool:
    """End one session; gives whether it had not been ended before."""
    return bool(_end(connection, _C.sid == sid, now=now))


def end_all_of_account(
    connection: Connection, *, account_id: str, except_sid: str | None = None, now: float
) -> list[str]:
    """End every session of an account, save one; gives the `sid` of each that had not been ended before."""
    condition = _C.account_id == account_id
    if except_sid is not None:
        condition &= _C.sid != except_sid
    return _end(connection, condition, now=now)


def end_if_over(connection: Connection, *, handle_digest: bytes, now: float) -> None:
    """End the session under this digest if its time is over, so that a clock set back does not bring it to life."""
    over = not_(live(literal(now, type_=Double)))
    _end(connection, (_C.id_digest == handle_digest) & over, now=now)


def _end(connection: Connection, condition: ColumnElement[bool], *, now: float) -> list[str]:
    ended = connection.execute(
        update(SESSIONS).where(condition, _C.ended_at.is_(None)).values(ended_at=now).returning(_C.sid)
    )
    sids = sorted(ended.scalars())
    for sid in sids:
        write_mark(connection, kind="session", id=sid, not_before=now, now=now)
    return sids
