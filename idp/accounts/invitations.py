"""One-time links by which members of staff enrol their passkeys: one alive per account, spent once.

Invariant: a link is stored only as its digest; a new one voids the one before; who is to be invited is held by the
caller's write to the account, so that of two invitations at once the later voids the earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from idp.accounts.models import INVITATIONS

INVITATION_SECONDS: Final = 72 * 3600.0
"""Long enough for a weekend, short enough to be forgotten in no drawer."""

_C = INVITATIONS.c


class InvitationUnknown(LookupError):
    """Not a link of ours, used already, replaced by a later one, or its time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link that is alive; `expires_at` is an instant."""

    id: str
    account_id: str
    expires_at: float


def add_invitation(
    connection: Connection, *, invitation_id: str, account_id: str, token_digest: bytes, created_by: str, now: float
) -> Invitation:
    """Write down a new link, which voids the one before. Hold the account's row first."""
    void_invitations(connection, account_id=account_id, now=now)
    invitation = Invitation(id=invitation_id, account_id=account_id, expires_at=now + INVITATION_SECONDS)
    connection.execute(
        insert(INVITATIONS).values(
            id=invitation.id,
            account_id=account_id,
            token_digest=token_digest,
            created_by=created_by,
            created_at=now,
            expires_at=invitation.expires_at,
        )
    )
    return invitation


def void_invitations(connection: Connection, *, account_id: str, now: float) -> None:
    """Let no earlier link of this account open anything."""
    earlier = (_C.account_id == account_id, _C.spent_at.is_(None), _C.voided_at.is_(None))
    connection.execute(update(INVITATIONS).where(*earlier).values(voided_at=now))


def find_invitation(connection: Connection, *, token_digest: bytes, now: float) -> Invitation:
    """Look a link up; that changes nothing.

    Raises:
        InvitationUnknown: see there.
    """
    alive = select(_C.id, _C.account_id, _C.expires_at).where(*_alive(token_digest, now))
    return _found(connection.execute(alive).one_or_none())


def spend_invitation(connection: Connection, *, token_digest: bytes, now: float) -> Invitation:
    """Use a link up, in the transaction of what it pays for.

    Raises:
        InvitationUnknown: see there.
    """
    spent = (
        update(INVITATIONS)
        .where(*_alive(token_digest, now))
        .values(spent_at=now)
        .returning(_C.id, _C.account_id, _C.expires_at)
    )
    return _found(connection.execute(spent).one_or_none())


def _alive(token_digest: bytes, now: float) -> tuple[ColumnElement[bool], ...]:
    return _C.token_digest == token_digest, _C.spent_at.is_(None), _C.voided_at.is_(None), _C.expires_at > now


def _found(row: Any) -> Invitation:  # noqa: ANN401 - a row of any statement
    if row is None:
        raise InvitationUnknown("no invitation is alive under this link")
    return Invitation(id=row.id, account_id=row.account_id, expires_at=row.expires_at)
