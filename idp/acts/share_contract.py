"""A party lets somebody look at a contract, or pay for it; whoever has the invited address accepts; either ends it.

Invariants: only who may manage a contract shares it, and never more than to look or to pay what is due; it becomes a
share only when the owner of a confirmed address has accepted; both sides are told of its beginning and its end; an end
counts on every node within a second, and what had been issued beyond what is left ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from idp.accounts.contracts import ContractFacts, contracts_of
from idp.accounts.delegation_policy import REMINDER_SECONDS, DelegationRefused, EndedBy, require_shareable
from idp.accounts.delegations import (
    Share,
    add_offer,
    end_shares,
    find_share,
    shares_ending,
    shares_given,
    shares_held,
    shares_over,
    shares_without_giver,
    take_offer,
)
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.accounts.identifiers import canonical
from idp.acts.change_email import AddressRefused, accepted_address
from idp.acts.tell_owner import Notice, asked_by, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.delivery.outbox import enqueue
from idp.issuance.ceiling import Ceiling, end_grants_beyond
from idp.lockout.policy import GuessKind
from idp.lockout.take import take
from idp.storage.handles import Entropy
from idp.storage.marks import write_mark
from idp.wording import negotiate

LETTER: Final = "share_offered"
WORTH_SECONDS: Final = 86_400.0
WORKER: Final = Visitor(address="", user_agent=None, reference="")
MOST_AT_ONCE: Final = 100


def offer_share(
    connection: Connection,
    *,
    account_id: str,
    number: str,
    address: str,
    permission: str,
    until: float,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> None:
    """Offer a share to an address, by mail; what is answered does not tell whether anybody has an account there.

    Raises:
        DelegationRefused: no such contract to share, no address, one's own, or what may not be shared.
        TooManyGuesses: ten mails were sent today.
    """
    giver, contract = _shareable(connection, account_id, number, now=now)
    shared = require_shareable(permission, until=until, now=now)
    try:
        plain = accepted_address(address)
    except AddressRefused as error:
        raise DelegationRefused(str(error), "address") from error
    if giver.email_key == canonical(plain):
        raise DelegationRefused("one's own address", "address")
    take(connection, kind=GuessKind.MAIL_OF_DAY, key=f"share:{account_id}", now=now)
    share_id = add_offer(
        connection,
        contract_id=contract.id,
        giver_id=account_id,
        address=plain,
        permission=shared,
        until=until,
        entropy=entropy,
        now=now,
    )
    enqueue(
        connection,
        kind=LETTER,
        recipient=plain,
        language=negotiate(account_locale=giver.locale),
        payload={"share_id": share_id, "asked": asked_by(visitor, now=now)},
        worth_seconds=WORTH_SECONDS,
        entropy=entropy,
        now=now,
    )
    details = {"share": share_id, "contract": contract.number, "permission": shared.value, "until": until}
    _record(connection, EventType.SHARE_OFFERED, account_id, details, visitor, entropy=entropy, now=now)


def accept_share(
    connection: Connection, *, share_id: str, account_id: str, visitor: Visitor, entropy: Entropy, now: float
) -> None:
    """Become the guest that was invited.

    Raises:
        ShareUnknown: there is no such offer to this account's confirmed address, or no longer.
    """
    share = find_share(connection, share_id=share_id, now=now)
    take_offer(connection, share, account_id=account_id, now=now)
    write_mark(connection, kind="account", id=account_id, not_before=now, now=now)
    details = {"share": share.id, "contract": share.number, "permission": share.permission}
    _record(connection, EventType.SHARE_ACCEPTED, account_id, details, visitor, entropy=entropy, now=now)
    for told in (share.giver_id, account_id):
        _tell(connection, Notice.SHARE_BEGUN, told, share, visitor, entropy=entropy, now=now)


def end_share(
    connection: Connection,
    ceiling: Ceiling,
    *,
    share_id: str,
    account_id: str,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> None:
    """End a share, take an offer back, or decline it; either side may, at any moment.

    Raises:
        ShareUnknown: there is none, or it is somebody else's.
    """
    share = find_share(connection, share_id=share_id, now=now)
    if account_id not in {share.giver_id, share.delegate_id}:
        # Who declines an offer must be the one who could have accepted it.
        take_offer(connection, share, account_id=account_id, now=now)
    by = EndedBy.GIVER if share.giver_id == account_id else EndedBy.DELEGATE
    _end(connection, ceiling, [share], by=by, who=account_id, visitor=visitor, entropy=entropy, now=now)


def end_shares_without_giver(
    connection: Connection, ceiling: Ceiling, *, account_ids: Sequence[str], entropy: Entropy, now: float
) -> None:
    """End what these accounts shared at contracts in which their part does not let them share any more."""
    ended = shares_without_giver(connection, account_ids=account_ids, now=now)
    _end(connection, ceiling, ended, by=EndedBy.LENDER, visitor=WORKER, entropy=entropy, now=now)


def end_shares_given(
    connection: Connection, ceiling: Ceiling, *, account_id: str, visitor: Visitor, entropy: Entropy, now: float
) -> int:
    """End what an account shares, since a thief may have shared it; gives how many there were."""
    shares = shares_given(connection, account_id=account_id, now=now)
    _end(connection, ceiling, shares, by=EndedBy.GIVER, who=account_id, visitor=visitor, entropy=entropy, now=now)
    return len(shares)


def end_shares_of_account(
    connection: Connection, ceiling: Ceiling, *, account_id: str, entropy: Entropy, now: float
) -> None:
    """End what an account shares and what is shared with it, since it is closed."""
    shares = [
        *shares_given(connection, account_id=account_id, now=now),
        *shares_held(connection, account_id=account_id, now=now),
    ]
    _end(connection, ceiling, shares, by=EndedBy.CLOSED, visitor=WORKER, entropy=entropy, now=now)


def keep_shares(connection: Connection, ceiling: Ceiling, *, entropy: Entropy, now: float) -> int:
    """End the shares whose time is over, remind of those that end within a week; gives how many were touched."""
    over = shares_over(connection, now=now, most=MOST_AT_ONCE)
    _end(connection, ceiling, over, by=EndedBy.TIME, visitor=WORKER, entropy=entropy, now=now)
    ending = shares_ending(connection, now=now, before=now + REMINDER_SECONDS, most=MOST_AT_ONCE)
    for share in ending:
        for told in (share.giver_id, share.delegate_id):
            _tell(connection, Notice.SHARE_ENDING, told, share, WORKER, entropy=entropy, now=now)
    return len(over) + len(ending)


def _end(
    connection: Connection,
    ceiling: Ceiling,
    shares: Sequence[Share],
    *,
    by: EndedBy,
    who: str | None = None,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> None:
    end_shares(connection, shares, by=by, now=now)
    guests = {share.delegate_id for share in shares if share.delegate_id}
    for guest in sorted(guests):
        write_mark(connection, kind="account", id=guest, not_before=now, now=now)
    end_grants_beyond(connection, ceiling, account_ids=guests, now=now)
    for share in shares:
        details = {"share": share.id, "contract": share.number, "by": by.value}
        _record(connection, EventType.SHARE_ENDED, who, details, visitor, entropy=entropy, now=now)
        for told in (share.giver_id, share.delegate_id):
            _tell(connection, Notice.SHARE_ENDED, told, share, visitor, entropy=entropy, now=now)


def _shareable(
    connection: Connection, account_id: str, number: str, *, now: float
) -> tuple[AccountFacts, ContractFacts]:
    giver = find_by_id(connection, account_id=account_id)
    mine = contracts_of(connection, account_id=account_id, now=now)
    contract = next((one for one in mine if one.number == number and "manage" in one.permissions), None)
    if giver is None or contract is None:
        raise DelegationRefused("no such contract to share", "number")
    return giver, contract


def _tell(
    connection: Connection,
    notice: Notice,
    account_id: str | None,
    share: Share,
    visitor: Visitor,
    *,
    entropy: Entropy,
    now: float,
) -> None:
    if account_id is None:
        return
    words: dict[str, str | int] = {
        "number": share.number,
        "permission": share.permission,
        "giver": share.giver_name or "",
        "mine": int(account_id == share.giver_id),
        "until": int(share.expires_at),
    }
    tell_owner(connection, notice=notice, account_id=account_id, visitor=visitor, entropy=entropy, now=now, words=words)


def _record(
    connection: Connection,
    type: EventType,
    account_id: str | None,
    details: Mapping[str, object],
    visitor: Visitor,
    *,
    entropy: Entropy,
    now: float,
) -> None:
    event = Event(
        type=type,
        at=now,
        actor=f"account:{account_id}" if account_id else "worker",
        account_id=account_id,
        reference=visitor.reference or None,
        details=details,
        personal=visitor.personal if account_id else None,
    )
    record(connection, event, entropy=entropy)
