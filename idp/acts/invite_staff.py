"""Invite a member of staff: an account with a role and no way in yet but a link that works once.

Invariant: nobody is invited over the head of an account that has a passkey: what it has is taken away first, by
`reset_factor`, which is an act of two people. The security team hears of every invitation by mail, so that whoever has
a shell cannot make themselves a colleague in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.accounts.add import NewAccount, add_account
from idp.accounts.find import find_by_identifier
from idp.accounts.invitations import Invitation, add_invitation
from idp.accounts.policy import Kind, StaffRole
from idp.accounts.staff import set_role
from idp.acts.staff_members import tell_security_team
from idp.acts.tell_owner import Notice
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import list_factors
from idp.storage.handles import Entropy, digest, new_handle, new_id


class InvitationRefused(Exception):
    """This account cannot be invited as it is; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """The link's secret, shown once; `expires_at` is an instant."""

    account_id: str
    token: str = field(repr=False)
    expires_at: float


def invite_staff(
    connection: Connection,
    *,
    user_id: str,
    role: StaffRole,
    email: str | None = None,
    name: str | None = None,
    reference: str,
    actor: str,
    entropy: Entropy,
    now: float,
) -> Invited:
    """Make the account if there is none, and a link by which its owner enrols a passkey; an earlier link is void.

    Raises:
        InvitationRefused: see there.
        AccountRefused, IdentifierTaken: the account cannot be made.
    """
    known = find_by_identifier(connection, identifier=user_id)
    if known is None:
        claims = {"name": name} if name else {}
        new = NewAccount(user_id=user_id, kind=Kind.STAFF, email=email, email_verified=bool(email), claims=claims)
        account_id = add_account(connection, new, now=now, entropy=entropy)
    else:
        account_id = known.id
    if not set_role(connection, account_id=account_id, role=role, now=now):
        raise InvitationRefused(f"{user_id} is a customer's account, or is stopped: staff have accounts of their own")
    if list_factors(connection, account_id=account_id, hold=True):
        raise InvitationRefused(f"{user_id} has a passkey; if it is lost: idp accounts reset-factor {user_id}")
    if known is not None and email is not None and email != known.email:
        raise InvitationRefused(f"{user_id} has another address: idp accounts set-email {user_id} ADDRESS")
    token = new_handle(entropy)
    invitation = add_invitation(
        connection,
        invitation_id=new_id(entropy),
        account_id=account_id,
        token_digest=digest(token),
        created_by=actor,
        now=now,
    )
    _tell(connection, invitation, user_id, role, reference=reference, actor=actor, entropy=entropy, now=now)
    return Invited(account_id=account_id, token=token, expires_at=invitation.expires_at)


def _tell(
    connection: Connection,
    invitation: Invitation,
    user_id: str,
    role: StaffRole,
    *,
    reference: str,
    actor: str,
    entropy: Entropy,
    now: float,
) -> None:
    event = Event(
        type=EventType.STAFF_INVITED,
        at=now,
        actor=actor,
        account_id=invitation.account_id,
        reference=reference,
        details={"role": role.value, "invitation": invitation.id, "expires_at": invitation.expires_at},
    )
    record(connection, event, entropy=entropy)
    tell_security_team(
        connection,
        notice=Notice.STAFF_INVITED,
        words={"invited": user_id, "role": role.value, "actor": actor},
        reference=reference,
        entropy=entropy,
        now=now,
    )
