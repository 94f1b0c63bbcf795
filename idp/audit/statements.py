"""Write an event out of a row that another statement has just read, so that recording costs no statement of its own.

Used by code exchange and refresh: who and where from comes from the grant's row, when and under which reference from
the bound parameters `event_at` and `event_reference`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Insert, bindparam, insert, literal, select

from idp.audit.models import EVENTS


def event_from(grant: FromClause, when: ColumnElement[bool], *, type: str) -> Insert:
    """Insert one event about the grant in `grant` (account_id, grant_client_id, sid, grant_id), if `when` holds."""
    values: dict[str, ColumnElement[Any]] = {
        "at": bindparam("event_at", type_=EVENTS.c.at.type),
        "type": literal(type),
        "actor": literal("client:") + grant.c.grant_client_id,
        "result": literal("ok"),
        "account_id": grant.c.account_id,
        "client_id": grant.c.grant_client_id,
        "sid": grant.c.sid,
        "reference": bindparam("event_reference", type_=EVENTS.c.reference.type),
        "details": literal({}, type_=EVENTS.c.details.type),
    }
    return insert(EVENTS).from_select(list(values), select(*values.values()).where(when)).returning(EVENTS.c.id)
