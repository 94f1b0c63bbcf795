"""A member of staff follows their invitation and makes a passkey: link and passkey in one transaction, or neither."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.accounts.find import find_by_id
from idp.accounts.invitations import InvitationUnknown, find_invitation, spend_invitation
from idp.accounts.policy import Kind, Status
from idp.accounts.staff import open_again
from idp.acts.enrol_passkey import PasskeyEnrolment
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import FactorFacts
from idp.storage.handles import Entropy, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Who is invited, and what their browser is asked for (JSON)."""

    user_id: str
    role: str
    options: str


def welcome(connection: Connection, enrolment: PasskeyEnrolment, *, token: str, now: float) -> Guest:
    """Read a link and say what passkey is wanted; nothing changes by it.

    Raises:
        InvitationUnknown: the link opens nothing, or the account is stopped.
    """
    invitation = find_invitation(connection, token_digest=digest(token), now=now)
    account = find_by_id(connection, account_id=invitation.account_id)
    if account is None or account.kind != Kind.STAFF or account.status != Status.ACTIVE:
        raise InvitationUnknown("the account of this invitation is stopped")
    options = enrolment.begin(connection, account_id=account.id, place=_place(invitation.id))
    return Guest(user_id=account.user_id, role=account.role or "", options=options)


def redeem_invitation(
    connection: Connection,
    enrolment: PasskeyEnrolment,
    *,
    token: str,
    answer: str,
    name: str,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> FactorFacts:
    """Use the link up and keep the passkey that was made on its page; nobody is signed in by that.

    Raises:
        InvitationUnknown: the link opens nothing.
        FactorRefused, FactorExists, NoSuchFactor: as `PasskeyEnrolment.finish`; let it leave the transaction, and the
            link still works.
    """
    invitation = spend_invitation(connection, token_digest=digest(token), now=now)
    factor = enrolment.finish(
        connection,
        answer,
        account_id=invitation.account_id,
        place=_place(invitation.id),
        name=name,
        visitor=visitor,
    )
    open_again(connection, account_id=invitation.account_id)
    event = Event(
        type=EventType.STAFF_ENROLLED,
        at=now,
        actor=f"account:{invitation.account_id}",
        account_id=invitation.account_id,
        reference=visitor.reference,
        details={"invitation": invitation.id, "factor": factor.id},
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
    return factor


def _place(invitation_id: str) -> str:
    return f"invitation:{invitation_id}"
