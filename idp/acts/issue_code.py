"""Answer a journey: session, grant and code, written together in the caller's transaction.

The gate is asked first. On PostgreSQL everything is one statement, so that a first sign-in stays within four
(docs/performance.md); SQLite cannot write inside WITH and runs the same inserts one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Integer, Select, Table, bindparam, insert, literal_column, select

from idp.acts.assurance import Assurance
from idp.acts.new_device import tell_of_new_device
from idp.acts.open_session import SessionInUse, ask_the_gate, opened_event, use_session
from idp.acts.standing import Standing
from idp.acts.visitor import Visitor
from idp.audit import record
from idp.audit.events import Event, EventType
from idp.clients.client import Client
from idp.issuance.ceiling import Ceiling
from idp.issuance.lifetimes import Lifetimes
from idp.issuance.models import AuthorizationCode, Grant
from idp.lockout.known_devices import remember_device
from idp.sessions.open import insert_session
from idp.storage.handles import Entropy, digest, new_handle, new_id
from idp.storage.models import table_of
from idp.storage.prepared import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the client asked for, as far as it is written down with the grant and its code."""

    client: Client
    redirect_uri: str
    redirect_uri_sent: bool
    scopes: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    claims_request: Mapping[str, Any]
    ceiling: Ceiling


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """The code for the client, and new handles for the cookies of session and browser (None: one stays as it is)."""

    code: str = field(repr=False)
    session_handle: str | None = field(repr=False)
    device_handle: str | None = field(repr=False)


def issue_code(
    connection: Connection,
    *,
    answer: Answer,
    standing: Standing,
    assurance: Assurance,
    visitor: Visitor,
    lifetimes: Lifetimes,
    entropy: Entropy,
    now: float,
) -> IssuedCode:
    """Issue the code, on what the journey or the session has proved.

    Raises:
        IssuanceRefused: the gate is shut.
        SessionGone: the session that vouched has ended meanwhile.
    """
    # A request for nothing but what the person may not have leaves nothing to issue.
    beyond = not answer.scopes or answer.ceiling.exceeded(answer.scopes, standing.permissions)
    ask_the_gate(
        client=answer.client, scopes=frozenset(answer.scopes), standing=standing, assurance=assurance, beyond=beyond
    )
    session = use_session(connection, standing=standing, assurance=assurance, visitor=visitor, entropy=entropy, now=now)
    code, grant_id = new_handle(entropy), new_id(entropy)
    parameters = {
        **_prefixed("grant", _grant_row(answer, standing, session, grant_id=grant_id, lifetimes=lifetimes, now=now)),
        "grant_shared_device": assurance.shared_device,
        **_prefixed("code", _code_row(answer, code, grant_id, lifetimes, now)),
        **(session.parameters or {}),
    }
    events = [_issued_event(answer, standing, session, visitor, now)]
    if session.parameters is not None:
        events.append(opened_event(answer.client.client_id, standing, session, visitor, now))
    _write(connection, parameters, events, opens=session.parameters is not None, entropy=entropy)
    return IssuedCode(code=code, session_handle=session.handle, device_handle=session.device_handle)


def _grant_row(
    answer: Answer, standing: Standing, session: SessionInUse, *, grant_id: str, lifetimes: Lifetimes, now: float
) -> dict[str, Any]:
    return {
        "id": grant_id,
        "account_id": standing.account_id,
        "client_id": answer.client.client_id,
        "sid": session.sid,
        "scopes": list(answer.scopes),
        "claims_request": dict(answer.claims_request),
        "acr": session.acr,
        "amr": list(session.amr),
        "offline": "offline_access" in answer.scopes,
        "auth_time": session.auth_time,
        "created_at": now,
        "expires_at": now + lifetimes.refresh_absolute,
        "ended_at": None,
    }


def _code_row(answer: Answer, code: str, grant_id: str, lifetimes: Lifetimes, now: float) -> dict[str, Any]:
    return {
        "digest": digest(code),
        "grant_id": grant_id,
        "client_id": answer.client.client_id,
        "redirect_uri": answer.redirect_uri,
        "redirect_uri_sent": answer.redirect_uri_sent,
        "code_challenge": answer.code_challenge,
        "nonce": answer.nonce,
        "issued_at": now,
        "expires_at": now + lifetimes.code,
        "used_at": None,
    }


def _issued_event(answer: Answer, standing: Standing, session: SessionInUse, visitor: Visitor, now: float) -> Event:
    return Event(
        type=EventType.CODE_ISSUED,
        at=now,
        actor=f"account:{standing.account_id}",
        account_id=standing.account_id,
        client_id=answer.client.client_id,
        sid=session.sid,
        reference=visitor.reference,
    )


def _prefixed(prefix: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in row.items()}


def _write(
    connection: Connection, parameters: dict[str, Any], events: list[Event], *, opens: bool, entropy: Entropy
) -> None:
    if connection.dialect.name == "postgresql":
        for place, event in enumerate(events):
            parameters |= record.parameters(event, entropy=entropy, prefix=f"event{place}")
        (_WITH_SESSION if opens else _WITHOUT_SESSION).row(connection, parameters)
        return
    for statement in _inserts("sqlite", opens=opens):
        connection.execute(statement, parameters)
    record.record_many(connection, events, entropy=entropy)


@cache
def _inserts(dialect: str, *, opens: bool) -> tuple[Insert, ...]:
    both = (_insert(table_of(Grant), "grant"), _insert(table_of(AuthorizationCode), "code"))
    if not opens:
        return both
    return (tell_of_new_device(dialect), insert_session(), remember_device(dialect), *both)


def _single_statement(*, opens: bool) -> Select[Any]:
    written = [statement.cte(f"written{place}") for place, statement in enumerate(_inserts("postgresql", opens=opens))]
    for place in range(2 if opens else 1):
        written += record.insert_ctes(f"event{place}")
    return select(literal_column("1", Integer).label("written")).add_cte(*written)


_WITH_SESSION = Prepared(lambda: _single_statement(opens=True))
_WITHOUT_SESSION = Prepared(lambda: _single_statement(opens=False))


def _insert(table: Table, prefix: str) -> Insert:
    return insert(table).values(
        {column.name: bindparam(f"{prefix}_{column.name}", type_=column.type) for column in table.c}
    )
