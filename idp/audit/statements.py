"""Write an event out of a row that another statement has just read, so that recording costs no statement of its own.

Used by code exchange and refresh: who and where from comes from the grant's row, when and under which reference from the
bound parameters `event_at` and `event_reference`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Insert, bindparam, func, insert, literal, select

from idp.audit.models import AuditEvent

_T = AuditEvent.__table__


def event_from(grant: FromClause, when: ColumnElement[bool], *, type: str) -> Insert:  # noqa: A002 - the event's own word
    """Insert one event about the grant in `grant` (account_id, grant_client_id, sid, grant_id), if `when` holds."""
    values: dict[str, ColumnElement[Any]] = {
        "at": bindparam("event_at", type_=_T.c.at.type),
        "type": literal(type),
        "actor": func.concat("client:", grant.c.grant_client_id),
        "result": literal("ok"),
        "account_id": grant.c.account_id,
        "client_id": grant.c.grant_client_id,
        "sid": grant.c.sid,
        "reference": bindparam("event_reference", type_=_T.c.reference.type),
        "details": literal({}, type_=_T.c.details.type),
    }
    return insert(_T).from_select(list(values), select(*values.values()).where(when)).returning(_T.c.id)
