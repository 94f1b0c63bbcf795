"""End grants: one statement, and a mark for each, so that their tokens are refused everywhere within the next poll."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, update

from idp.issuance.models import Grant
from idp.storage.marks import write_mark
from idp.storage.models import table_of

_T = table_of(Grant)


def end_grants(connection: Connection, which: ColumnElement[bool], *, now: float) -> tuple[str, ...]:
    """End the live grants that match, and say which they were."""
    ended = (
        connection.execute(update(_T).where(which, _T.c.ended_at.is_(None)).values(ended_at=now).returning(_T.c.id))
        .scalars()
        .all()
    )
    for grant_id in ended:
        write_mark(connection, kind="grant", id=grant_id, not_before=now, now=now)
    return tuple(ended)


def end_grant(connection: Connection, *, grant_id: str, now: float) -> tuple[str, ...]:
    """End one family: its codes, access tokens and refresh tokens (RFC 9700 §4.14.2)."""
    return end_grants(connection, _T.c.id == grant_id, now=now)


def end_grants_of_session(connection: Connection, *, sid: str, now: float) -> tuple[str, ...]:
    """End every grant given in one single sign-on session."""
    return end_grants(connection, _T.c.sid == sid, now=now)


def end_grants_of_account(
    connection: Connection, *, account_id: str, except_sid: str | None = None, now: float
) -> tuple[str, ...]:
    """End every grant of one account, save those of one session."""
    which = _T.c.account_id == account_id
    return end_grants(connection, which if except_sid is None else which & (_T.c.sid != except_sid), now=now)


def end_grants_of_client(connection: Connection, *, client_id: str, now: float) -> int:
    """End every grant given to one client, and say how many; the client's own mark stands for all of theirs."""
    ended = connection.execute(
        update(_T).where(_T.c.client_id == client_id, _T.c.ended_at.is_(None)).values(ended_at=now).returning(_T.c.id)
    )
    return len(ended.all())
