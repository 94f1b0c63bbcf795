"""Use a refresh token: read, rotated or renewed, and recorded in one statement on PostgreSQL.

A rotating client's token is spent by compare-and-swap on `rotated_at`; its successor is kept on the old row, sealed
under a key that only the presented token gives, so that for `grace` seconds a repeated request gets the same successor
(RFC 9700 §4.14.2 asks to notice reuse; a lost response is not reuse). Later reuse ends the family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Select,
    Update,
    bindparam,
    exists,
    insert,
    select,
    true,
    update,
)

from idp.acts.family_facts import Family, family_of, read_family
from idp.audit.statements import event_from
from idp.issuance.models import RefreshToken
from idp.issuance.successor import SuccessorSealBroken, open_successor, seal_successor
from idp.storage.handles import digest
from idp.storage.models import table_of
from idp.storage.prepared import Prepared

_R = table_of(RefreshToken)
Facts = Mapping[str, Any]


class RefreshTokenUnknown(LookupError):
    """No such refresh token was ever issued, or it was forgotten long after its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedRefreshToken:
    """What a refresh token stood for.

    `refresh_token` is what the client holds from now on; `repeated` when it was rotated within the grace, `reused` when
    that was longer ago (or its successor was tampered with).
    """

    family: Family
    client_id: str
    idle_expires_at: float
    refresh_token: str
    repeated: bool
    reused: bool


def use_refresh_token(
    connection: Connection,
    *,
    presented: str,
    successor: str | None,
    refresh_idle: float,
    grace: float,
    reference: str,
    now: float,
) -> UsedRefreshToken:
    """Use a refresh token; with a `successor` it is rotated to that one.

    The caller checks the client, the idle end and the gate afterwards, and rolls back by raising.

    Raises:
        RefreshTokenUnknown: there is no such token.
    """
    parameters: dict[str, Any] = {
        "token_digest": digest(presented),
        "renewed_until": now + refresh_idle,
        "event_at": now,
        "event_reference": reference,
    }
    if successor is not None:
        parameters |= {
            "successor_digest": digest(successor),
            "successor_sealed": seal_successor(presented, successor),
        }
    run = _in_one if connection.dialect.name == "postgresql" else _one_by_one
    row = run(connection, parameters, successor is not None)
    if row is None:
        raise RefreshTokenUnknown
    return _read(row, presented=presented, successor=successor, grace=grace, now=now)


def _read(row: Facts, *, presented: str, successor: str | None, grace: float, now: float) -> UsedRefreshToken:
    kept: str | None = successor or presented
    if not row["won"]:
        kept = _successor_within(row, presented, grace=grace, now=now)
    return UsedRefreshToken(
        family=read_family(row),
        client_id=row["token_client_id"],
        idle_expires_at=row["token_idle_expires_at"],
        refresh_token=kept or "",
        repeated=kept is not None and not row["won"],
        reused=kept is None,
    )


def _successor_within(row: Facts, presented: str, *, grace: float, now: float) -> str | None:
    if row["rotated_at"] is None or now - row["rotated_at"] > grace or row["successor_sealed"] is None:
        return None
    try:
        return open_successor(presented, row["successor_sealed"])
    except SuccessorSealBroken:
        return None


def _facts() -> Select[Any]:
    return family_of(
        _R,
        _R.c.client_id.label("token_client_id"),
        _R.c.idle_expires_at.label("token_idle_expires_at"),
        _R.c.rotated_at,
        _R.c.successor_sealed,
    ).where(_R.c.digest == bindparam("token_digest"))


def _take(*, rotate: bool) -> Update:
    values = (
        {
            "rotated_at": bindparam("event_at", type_=_R.c.rotated_at.type),
            "successor_sealed": bindparam("successor_sealed", type_=_R.c.successor_sealed.type),
        }
        if rotate
        else {"idle_expires_at": bindparam("renewed_until", type_=_R.c.idle_expires_at.type)}
    )
    return update(_R).where(_R.c.digest == bindparam("token_digest"), _R.c.rotated_at.is_(None)).values(values)


def _keep(facts: FromClause, won: ColumnElement[bool]) -> Insert:
    return insert(_R).from_select(
        ["digest", "grant_id", "client_id", "issued_at", "idle_expires_at"],
        select(
            bindparam("successor_digest", type_=_R.c.digest.type),
            facts.c.grant_id,
            facts.c.token_client_id,
            bindparam("event_at", type_=_R.c.issued_at.type),
            bindparam("renewed_until", type_=_R.c.idle_expires_at.type),
        ).where(won),
    )


def _single_statement(*, rotate: bool) -> Select[Any]:
    facts = _facts().cte("facts")
    taken = _take(rotate=rotate).returning(_R.c.digest).cte("taken")
    won = exists(select(taken.c.digest))
    trail = event_from(facts, won, type="token.refreshed").cte("trail")
    statement = select(facts, won.label("won")).add_cte(trail)
    if rotate:
        statement = statement.add_cte(_keep(facts, won).returning(_R.c.digest).cte("kept"))
    return statement


_KEEPING = Prepared(lambda: _single_statement(rotate=False))
_ROTATING = Prepared(lambda: _single_statement(rotate=True))


def _in_one(connection: Connection, parameters: Mapping[str, Any], rotate: bool) -> Facts | None:  # noqa: FBT001
    row = (_ROTATING if rotate else _KEEPING).row(connection, parameters)
    if row is not None and not row.won and row.rotated_at is None:
        # Lost against a rotation that committed after this statement's snapshot: look again, now that it is visible.
        fresh = connection.execute(_facts(), parameters).mappings().one_or_none()
        return None if fresh is None else {**fresh, "won": False}
    return None if row is None else row._asdict()


@cache
def _statements(*, rotate: bool) -> tuple[Select[Any], Update, Insert, Insert]:
    facts = _facts().subquery("facts")
    return (
        _facts(),
        _take(rotate=rotate).returning(_R.c.digest),
        _keep(facts, true()),
        event_from(facts, true(), type="token.refreshed"),
    )


def _one_by_one(connection: Connection, parameters: Mapping[str, Any], rotate: bool) -> Facts | None:  # noqa: FBT001
    facts, take, keep, trail = _statements(rotate=rotate)
    row = connection.execute(facts, parameters).mappings().one_or_none()
    if row is None:
        return None
    won = connection.execute(take, parameters).scalar_one_or_none() is not None
    if won:
        if rotate:
            connection.execute(keep, parameters)
        connection.execute(trail, parameters)
    return {**row, "won": won}
