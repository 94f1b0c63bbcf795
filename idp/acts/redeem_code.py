"""Spend an authorization code: found, spent, refresh token kept, audit row written, in one statement on PostgreSQL.

The compare-and-swap on `used_at` decides who of many callers wins; whoever loses has replayed the code (RFC 6749
§4.1.2). SQLite cannot change data inside a WITH clause, so there the same pieces run one after the other under BEGIN
IMMEDIATE.
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
from idp.issuance.models import AuthorizationCode, RefreshToken
from idp.storage.models import table_of
from idp.storage.prepared import Prepared

_C = table_of(AuthorizationCode)
_R = table_of(RefreshToken)
Facts = Mapping[str, Any]


class CodeUnknown(LookupError):
    """No such code was ever issued, or it was forgotten long after its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemedCode:
    """What a code stood for; `replayed` when somebody spent it before."""

    family: Family
    redirect_uri: str
    redirect_uri_sent: bool
    code_challenge: str | None
    nonce: str | None
    expires_at: float
    replayed: bool


def redeem_code(
    connection: Connection, *, digest: bytes, refresh_digest: bytes, refresh_idle: float, reference: str, now: float
) -> RedeemedCode:
    """Spend the code and keep a refresh token under `refresh_digest` where its grant is for offline access.

    The caller checks the binding (client, redirect_uri, PKCE, expiry) and the gate afterwards, and rolls back by
    raising.

    Raises:
        CodeUnknown: there is no such code.
    """
    parameters = {
        "code_digest": digest,
        "refresh_digest": refresh_digest,
        "idle_expires_at": now + refresh_idle,
        "event_at": now,
        "event_reference": reference,
    }
    run = _in_one if connection.dialect.name == "postgresql" else _one_by_one
    row = run(connection, parameters)
    if row is None:
        raise CodeUnknown
    return RedeemedCode(
        family=read_family(row),
        redirect_uri=row["redirect_uri"],
        redirect_uri_sent=row["redirect_uri_sent"],
        code_challenge=row["code_challenge"],
        nonce=row["nonce"],
        expires_at=row["code_expires_at"],
        replayed=not row["won"],
    )


def _facts() -> Select[Any]:
    return family_of(
        _C,
        _C.c.redirect_uri,
        _C.c.redirect_uri_sent,
        _C.c.code_challenge,
        _C.c.nonce,
        _C.c.expires_at.label("code_expires_at"),
    ).where(_C.c.digest == bindparam("code_digest"))


def _take() -> Update:
    return (
        update(_C)
        .where(_C.c.digest == bindparam("code_digest"), _C.c.used_at.is_(None))
        .values(used_at=bindparam("event_at"))
    )


def _keep(facts: FromClause, won: ColumnElement[bool]) -> Insert:
    return insert(_R).from_select(
        ["digest", "grant_id", "client_id", "issued_at", "idle_expires_at"],
        select(
            bindparam("refresh_digest", type_=_R.c.digest.type),
            facts.c.grant_id,
            facts.c.grant_client_id,
            bindparam("event_at", type_=_R.c.issued_at.type),
            bindparam("idle_expires_at", type_=_R.c.idle_expires_at.type),
        ).where(facts.c.offline.is_(true()), won),
    )


def _single_statement() -> Select[Any]:
    facts = _facts().cte("facts")
    taken = _take().returning(_C.c.digest).cte("taken")
    won = exists(select(taken.c.digest))
    kept = _keep(facts, won).returning(_R.c.digest).cte("kept")
    trail = event_from(facts, won, type="code.redeemed").cte("trail")
    return select(facts, won.label("won")).add_cte(kept, trail)


_IN_ONE = Prepared(_single_statement)


def _in_one(connection: Connection, parameters: Mapping[str, Any]) -> Facts | None:
    row = _IN_ONE.row(connection, parameters)
    return None if row is None else row._asdict()


@cache
def _statements() -> tuple[Select[Any], Update, Insert, Insert]:
    facts = _facts().subquery("facts")
    return (
        _facts(),
        _take().returning(_C.c.digest),
        _keep(facts, true()),
        event_from(facts, true(), type="code.redeemed"),
    )


def _one_by_one(connection: Connection, parameters: Mapping[str, Any]) -> Facts | None:
    facts, take, keep, trail = _statements()
    row = connection.execute(facts, parameters).mappings().one_or_none()
    if row is None:
        return None
    won = connection.execute(take, parameters).scalar_one_or_none() is not None
    if won:
        connection.execute(keep, parameters)
        connection.execute(trail, parameters)
    return {**row, "won": won}
