"""The one place where a single sign-on session is opened, renewed or kept, from what a journey has proved.

A new sign-in opens one; whoever proves themselves again gets a new handle for the same session (OWASP ASVS 7.2.4); a
session that vouches for its person is only touched. Nothing is written for a new session here when its caller writes
it together with a grant: `SessionInUse.parameters` are then what `sessions.open.insert_session` binds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from idp.acts.standing import Standing
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.client import Client
from idp.issuance.acr import PASSWORD_ACR, PASSWORD_AMR
from idp.issuance.gate import Facts, Path, may_issue
from idp.sessions.facts import LiveSession
from idp.sessions.find import touch
from idp.sessions.open import NewSession, insert_session, prepare_session
from idp.sessions.renew import renew_id
from idp.storage.handles import Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInUse:
    """The session that an answer rests on.

    `handle` is for the cookie when it is new, `parameters` are what must be written when it is.
    """

    sid: str
    acr: str
    amr: Sequence[str]
    auth_time: float
    handle: str | None = field(default=None, repr=False)
    parameters: Mapping[str, Any] | None = field(default=None, repr=False)


def ask_the_gate(*, client: Client, scopes: frozenset[str], standing: Standing, proved_at: float | None) -> None:
    """Put the gate's question for a sign-in (`proved_at`, seconds) or for a session that vouches (None).

    Raises:
        IssuanceRefused: the gate is shut.
    """
    relied_upon = proved_at or (standing.session.auth_time if standing.session else 0.0)
    may_issue(
        Facts(
            path=Path.SINGLE_SIGN_ON if proved_at is None else Path.PASSWORD,
            client=client,
            scopes=scopes,
            issued_at=relied_upon,
            account_status=standing.status,
            account_not_before=standing.not_before,
            reset_due=standing.reset_due,
            password_changed=_older_than_the_password(standing, relied_upon),
            consented=client.first_party or scopes <= standing.consented,
        )
    )


def _older_than_the_password(standing: Standing, relied_upon: float) -> bool:
    """Whether the password has been replaced since the sign-in that is relied upon."""
    return standing.password_changed_at is not None and relied_upon < standing.password_changed_at


def use_session(
    connection: Connection,
    *,
    standing: Standing,
    proved_at: float | None,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> SessionInUse:
    """Keep, renew or prepare the session; the caller has asked the gate.

    Raises:
        SessionGone: the session that was to be renewed has ended meanwhile.
    """
    existing = standing.session
    if existing is not None and proved_at is None:
        touch(connection, existing, now=now)
        return SessionInUse(sid=existing.sid, acr=existing.acr, amr=existing.amr, auth_time=existing.auth_time)
    if existing is not None and proved_at is not None:
        return _renewed(connection, existing, proved_at, entropy=entropy, now=now)
    return _prepared(standing, proved_at or now, visitor, entropy=entropy, now=now)


def open_session(
    connection: Connection,
    *,
    client: Client,
    standing: Standing,
    proved_at: float | None,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> SessionInUse:
    """Open a session for the issuer's own pages, which need no grant.

    Raises:
        IssuanceRefused: the gate is shut.
        SessionGone: the session that was to be renewed has ended meanwhile.
    """
    ask_the_gate(client=client, scopes=frozenset(), standing=standing, proved_at=proved_at)
    session = use_session(connection, standing=standing, proved_at=proved_at, visitor=visitor, entropy=entropy, now=now)
    if session.parameters is not None:
        connection.execute(insert_session(), dict(session.parameters))
        record(connection, opened_event(client.client_id, standing, session, visitor, now), entropy=entropy)
    return session


def opened_event(client_id: str, standing: Standing, session: SessionInUse, visitor: Visitor, now: float) -> Event:
    """The audit event of a session that was opened."""
    return Event(
        type=EventType.SESSION_OPENED,
        at=now,
        actor=f"account:{standing.account_id}",
        account_id=standing.account_id,
        client_id=client_id,
        sid=session.sid,
        reference=visitor.reference,
        personal=visitor.personal,
    )


def _prepared(standing: Standing, auth_time: float, visitor: Visitor, *, entropy: Entropy, now: float) -> SessionInUse:
    new = NewSession(
        account_id=standing.account_id,
        kind=standing.kind,
        acr=PASSWORD_ACR,
        amr=PASSWORD_AMR,
        auth_time=auth_time,
        user_agent_label=visitor.user_agent,
        address=visitor.address or None,
    )
    opened = prepare_session(new, now=now, entropy=entropy)
    return SessionInUse(
        sid=opened.sid,
        acr=new.acr,
        amr=new.amr,
        auth_time=auth_time,
        handle=opened.handle,
        parameters=opened.parameters,
    )


def _renewed(
    connection: Connection, existing: LiveSession, proved_at: float, *, entropy: Entropy, now: float
) -> SessionInUse:
    handle = renew_id(
        connection,
        handle_digest=existing.id_digest,
        acr=PASSWORD_ACR,
        amr=PASSWORD_AMR,
        auth_time=proved_at,
        now=now,
        entropy=entropy,
    )
    return SessionInUse(sid=existing.sid, acr=PASSWORD_ACR, amr=PASSWORD_AMR, auth_time=proved_at, handle=handle)
