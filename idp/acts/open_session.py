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

from idp.accounts.policy import Kind
from idp.acts.assurance import Assurance
from idp.acts.new_device import new_device_parameters, tell_of_new_device
from idp.acts.standing import Standing
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.client import Client
from idp.issuance.gate import Facts, may_issue
from idp.lockout.known_devices import device_parameters, remember_device
from idp.mfa.policy import owes_factor
from idp.sessions.facts import LiveSession
from idp.sessions.find import touch
from idp.sessions.open import NewSession, insert_session, prepare_session
from idp.sessions.renew import renew_id
from idp.storage.handles import Entropy, digest, new_handle


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInUse:
    """The session that an answer rests on.

    `handle` is for the cookie when it is new, `parameters` are what must be written when it is: the session, and that
    its browser is known, for whose own cookie `device_handle` is when that is new.
    """

    sid: str
    acr: str
    amr: Sequence[str]
    auth_time: float
    handle: str | None = field(default=None, repr=False)
    parameters: Mapping[str, Any] | None = field(default=None, repr=False)
    device_handle: str | None = field(default=None, repr=False)


def ask_the_gate(
    *, client: Client, scopes: frozenset[str], standing: Standing, assurance: Assurance, beyond: bool = False
) -> None:
    """Put the gate's question for what an answer would rest on; `beyond`: these scopes are above the person's ceiling.

    Raises:
        IssuanceRefused: the gate is shut.
    """
    may_issue(
        Facts(
            path=assurance.path,
            client=client,
            scopes=scopes,
            issued_at=assurance.auth_time,
            account_status=standing.status,
            account_not_before=standing.not_before,
            locked_down=standing.locked_down,
            reset_due=standing.reset_due,
            acr=assurance.acr,
            staff=standing.kind == Kind.STAFF,
            factor_due=owes_factor(standing.factors, assurance.acr, remembered=standing.remembered),
            password_changed=_older_than_the_password(standing, assurance.auth_time),
            beyond_permission=beyond,
            consented=client.first_party or scopes <= standing.consented,
        )
    )


def _older_than_the_password(standing: Standing, relied_upon: float) -> bool:
    """Whether the password has been replaced since the sign-in that is relied upon."""
    return standing.sign_ins_count_from is not None and relied_upon < standing.sign_ins_count_from


def use_session(
    connection: Connection,
    *,
    standing: Standing,
    assurance: Assurance,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> SessionInUse:
    """Keep, renew or prepare the session; the caller has asked the gate.

    Raises:
        SessionGone: the session that was to be renewed has ended meanwhile.
    """
    existing = standing.session
    if existing is not None and not assurance.here and not assurance.raised:
        touch(connection, existing, now=now)
        return SessionInUse(sid=existing.sid, acr=existing.acr, amr=existing.amr, auth_time=existing.auth_time)
    if existing is not None:
        return _renewed(connection, existing, assurance, entropy=entropy, now=now)
    return _prepared(standing, assurance, visitor, entropy=entropy, now=now)


def open_session(
    connection: Connection,
    *,
    client: Client,
    standing: Standing,
    assurance: Assurance,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> SessionInUse:
    """Open a session for the issuer's own pages, which need no grant.

    Raises:
        IssuanceRefused: the gate is shut.
        SessionGone: the session that was to be renewed has ended meanwhile.
    """
    ask_the_gate(client=client, scopes=frozenset(), standing=standing, assurance=assurance)
    session = use_session(connection, standing=standing, assurance=assurance, visitor=visitor, entropy=entropy, now=now)
    if session.parameters is not None:
        dialect = connection.dialect.name
        for statement in (tell_of_new_device(dialect), insert_session(), remember_device(dialect)):
            connection.execute(statement, dict(session.parameters))
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


def _prepared(
    standing: Standing, assurance: Assurance, visitor: Visitor, *, entropy: Entropy, now: float
) -> SessionInUse:
    new = NewSession(
        account_id=standing.account_id,
        kind=standing.kind,
        acr=assurance.acr,
        amr=assurance.amr,
        auth_time=assurance.auth_time,
        user_agent_label=visitor.user_agent,
        address=visitor.address or None,
        shared_device=assurance.shared_device,
    )
    opened = prepare_session(new, now=now, entropy=entropy)
    device_handle = None if assurance.shared_device or visitor.device_digest else new_handle(entropy)
    known = device_parameters(
        handle_digest=None if assurance.shared_device else visitor.device_digest or digest(device_handle or ""),
        account_id=standing.account_id,
        now=now,
        entropy=entropy,
    )
    notice = new_device_parameters(visitor, account_id=standing.account_id, now=now, entropy=entropy)
    return SessionInUse(
        sid=opened.sid,
        acr=new.acr,
        amr=new.amr,
        auth_time=new.auth_time,
        handle=opened.handle,
        parameters={**opened.parameters, **known, **notice},
        device_handle=device_handle,
    )


def _renewed(
    connection: Connection, existing: LiveSession, assurance: Assurance, *, entropy: Entropy, now: float
) -> SessionInUse:
    handle = renew_id(
        connection,
        handle_digest=existing.id_digest,
        acr=assurance.acr,
        amr=assurance.amr,
        auth_time=assurance.auth_time,
        shared_device=assurance.shared_device,
        now=now,
        entropy=entropy,
    )
    return SessionInUse(
        sid=existing.sid, acr=assurance.acr, amr=assurance.amr, auth_time=assurance.auth_time, handle=handle
    )
