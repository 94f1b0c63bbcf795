"""Issue the answer of a journey in which nothing is missing: a code for an app, a session alone for our own pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from idp.acts.assurance import Assurance
from idp.acts.issue_code import Answer, issue_code
from idp.acts.open_session import open_session
from idp.acts.sign_out import sign_out
from idp.acts.standing import Standing
from idp.clients.client import Client
from idp.flows.answers import failure_for
from idp.flows.built_in import is_built_in
from idp.flows.journey import Journey
from idp.flows.parts import Parts
from idp.flows.visit import note_refusal, visitor_of
from idp.issuance.gate import IssuanceRefused
from idp.oidc.authorization_response import AuthorizationResponse, success
from idp.sessions.renew import SessionGone


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What the app gets (None: it is one of our own pages), and new handles for the cookies, if any."""

    response: AuthorizationResponse | None
    session_handle: str | None = field(default=None, repr=False)
    device_handle: str | None = field(default=None, repr=False)


def issue(
    parts: Parts,
    connection: Connection,
    *,
    journey: Journey,
    client: Client,
    person: Standing,
    assurance: Assurance,
    other: Standing | None,
) -> Issued:
    """Issue, or answer access_denied when the gate is shut; somebody else who was signed in is signed out first."""
    issuer, visitor = parts.issuer, visitor_of(parts)
    common: dict[str, Any] = {
        "standing": person,
        "assurance": assurance,
        "visitor": visitor,
        "entropy": issuer.entropy,
        "now": issuer.clock(),
    }
    try:
        if is_built_in(client):
            opened = open_session(connection, client=client, **common)
            session_handle, device_handle, response = opened.handle, opened.device_handle, None
        else:
            issued = issue_code(
                connection, answer=_answer(parts, journey, client, person), lifetimes=issuer.lifetimes, **common
            )
            session_handle, device_handle = issued.session_handle, issued.device_handle
            response = _success(parts, journey, issued.code)
    except (IssuanceRefused, SessionGone) as error:
        note_refusal(parts, client.client_id, "access_denied", str(error) or "the session has ended")
        return Issued(response=failure_for(parts, journey, "access_denied", "Access was refused."))
    if other is not None and other.session is not None:
        _sign_out(parts, connection, other, common["now"])
    return Issued(response=response, session_handle=session_handle, device_handle=device_handle)


def _answer(parts: Parts, journey: Journey, client: Client, person: Standing) -> Answer:
    request = journey.request
    return Answer(
        client=client,
        redirect_uri=request.redirect_uri,
        redirect_uri_sent=request.redirect_uri_sent,
        scopes=parts.issuer.ceiling.beneath(request.scopes, person.permissions),
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        claims_request=request.claims,
        ceiling=parts.issuer.ceiling,
    )


def _success(parts: Parts, journey: Journey, code: str) -> AuthorizationResponse:
    request = journey.request
    return success(
        issuer=parts.issuer.address,
        redirect_uri=request.redirect_uri,
        response_mode=request.response_mode,
        state=request.state,
        code=code,
    )


def _sign_out(parts: Parts, connection: Connection, other: Standing, now: float) -> None:
    """Whoever was signed in with this browser before is signed out, tokens and all (T64)."""
    if other.session is None:
        return
    visitor = visitor_of()
    sign_out(
        connection,
        sid=other.session.sid,
        account_id=other.account_id,
        cause="another person signed in",
        reference=visitor.reference,
        personal=visitor.personal,
        entropy=parts.issuer.entropy,
        now=now,
    )
