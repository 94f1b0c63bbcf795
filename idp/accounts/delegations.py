"""Shared access to contracts: offered by a party to an address, accepted by its owner, ended by either.

Whoever has the confirmed address may accept, and nobody else: no link opens anything. Every function that ends
something says whose it was, so that its caller can tell everybody and every node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, update

from idp.accounts.contract_models import CONTRACTS, PARTIES
from idp.accounts.contract_policy import PERMISSIONS, Permission
from idp.accounts.delegation_models import DELEGATIONS
from idp.accounts.delegation_policy import MOST_OPEN, OFFER_SECONDS, DelegationRefused, EndedBy
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.accounts.identifiers import canonical
from idp.accounts.models import ACCOUNTS
from idp.storage.handles import Entropy, new_id

_D = DELEGATIONS.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One share as its two sides see it; names are what people call themselves, None where they say nothing."""

    id: str
    contract_id: str
    number: str
    permission: str
    address: str
    giver_id: str
    giver_name: str | None
    delegate_id: str | None
    delegate_name: str | None
    offered_at: float
    accepted_at: float | None
    expires_at: float


class ShareUnknown(LookupError):
    """There is no such share that is still open, or it is not this account's to touch."""


def add_offer(
    connection: Connection,
    *,
    contract_id: str,
    giver_id: str,
    address: str,
    permission: Permission,
    until: float,
    entropy: Entropy,
    now: float,
) -> str:
    """Write an offer down, and give its id.

    Raises:
        DelegationRefused: there is an open one for this address, or there are too many.
    """
    key = canonical(address)
    # Who offers at the same moment in another tab waits here, so that the count holds.
    connection.execute(select(ACCOUNTS.c.id).where(ACCOUNTS.c.id == giver_id).with_for_update())
    mine = (_D.contract_id == contract_id) & (_D.giver_id == giver_id) & _open(now)
    keys = connection.execute(select(_D.address_key).where(mine)).scalars().all()
    if key in keys:
        raise DelegationRefused("shared with this address already", "address")
    if len(keys) >= MOST_OPEN:
        raise DelegationRefused("shared with as many as can be", "address")
    row = {
        "id": new_id(entropy),
        "contract_id": contract_id,
        "giver_id": giver_id,
        "address": address,
        "address_key": key,
        "permission": permission.value,
        "offered_at": now,
        "expires_at": until,
    }
    connection.execute(insert(DELEGATIONS).values(row))
    return str(row["id"])


def shares_given(connection: Connection, *, account_id: str, now: float) -> list[Share]:
    """Give what an account shares, offers that wait included."""
    return _shares(connection, _question().where(_D.giver_id == account_id, _open(now)))


def shares_held(connection: Connection, *, account_id: str, now: float) -> list[Share]:
    """Give what is shared with an account."""
    return _shares(connection, _question().where(_D.delegate_id == account_id, _open(now)))


def offers_to(connection: Connection, *, account: AccountFacts, now: float) -> list[Share]:
    """Give the offers that wait for the owner of an address which is confirmed to be this account's."""
    if not account.email_verified or account.email_key is None:
        return []
    waiting = (_D.address_key == account.email_key) & _D.delegate_id.is_(None) & (_D.giver_id != account.id)
    return _shares(connection, _question().where(waiting, _open(now)))


def find_share(connection: Connection, *, share_id: str, now: float) -> Share:
    """Give one open share, and hold it until the transaction ends.

    Raises:
        ShareUnknown: see there.
    """
    found = connection.execute(select(_D.id).where(_D.id == share_id, _open(now)).with_for_update())
    if found.scalar_one_or_none() is None:
        raise ShareUnknown(share_id)
    return _shares(connection, _question().where(_D.id == share_id))[0]


def take_offer(connection: Connection, share: Share, *, account_id: str, now: float) -> None:
    """Let the owner of the invited address be the guest.

    Raises:
        ShareUnknown: the offer is another's, or somebody has it.
    """
    account = find_by_id(connection, account_id=account_id)
    if account is None or share.id not in {offer.id for offer in offers_to(connection, account=account, now=now)}:
        raise ShareUnknown(share.id)
    connection.execute(update(DELEGATIONS).where(_D.id == share.id).values(delegate_id=account_id, accepted_at=now))


def end_shares(connection: Connection, shares: Sequence[Share], *, by: EndedBy, now: float) -> None:
    """End shares that were found open a moment ago."""
    ids = [share.id for share in shares]
    if ids:
        connection.execute(update(DELEGATIONS).where(_D.id.in_(ids)).values(ended_at=now, ended_by=by.value))


def shares_over(connection: Connection, *, now: float, most: int) -> list[Share]:
    """Give shares whose end has come and whom nobody has told yet."""
    over = _D.ended_at.is_(None) & or_(_D.expires_at <= now, _D.accepted_at.is_(None) & _stale(now))
    return _shares(connection, _question().where(over).limit(most).with_for_update(of=DELEGATIONS, skip_locked=True))


def shares_ending(connection: Connection, *, now: float, before: float, most: int) -> list[Share]:
    """Give accepted shares that end before an instant and of which nobody was reminded; they count as reminded now."""
    due = _D.accepted_at.is_not(None) & _D.reminded_at.is_(None) & (_D.expires_at <= before) & _open(now)
    question = _question().where(due).limit(most).with_for_update(of=DELEGATIONS, skip_locked=True)
    found = _shares(connection, question)
    ids = [share.id for share in found]
    if ids:
        connection.execute(update(DELEGATIONS).where(_D.id.in_(ids)).values(reminded_at=now))
    return found


def shares_without_giver(connection: Connection, *, account_ids: Sequence[str], now: float) -> list[Share]:
    """Give the shares of these accounts at contracts in which their part no longer lets them share."""
    granting = [role.value for role, allowed in PERMISSIONS.items() if Permission.MANAGE in allowed]
    p = PARTIES.c
    if not account_ids:
        return []
    still = (
        select(p.id)
        .where(p.contract_id == _D.contract_id, p.account_id == _D.giver_id, p.ended_at.is_(None), p.role.in_(granting))
        .exists()
    )
    return _shares(connection, _question().where(_D.giver_id.in_(list(account_ids)), _open(now), ~still))


def _open(now: float) -> ColumnElement[bool]:
    """Neither ended, nor past its end, nor waiting for too long."""
    return _D.ended_at.is_(None) & (_D.expires_at > now) & (_D.accepted_at.is_not(None) | ~_stale(now))


def _stale(now: float) -> ColumnElement[bool]:
    return _D.offered_at <= now - OFFER_SECONDS


def _question() -> Select[tuple[object, ...]]:
    giver, delegate = ACCOUNTS.alias("giver"), ACCOUNTS.alias("delegate")
    return (
        select(
            _D.id,
            _D.contract_id,
            CONTRACTS.c.number,
            _D.permission,
            _D.address,
            _D.giver_id,
            giver.c.claims["name"].as_string().label("giver_name"),
            _D.delegate_id,
            delegate.c.claims["name"].as_string().label("delegate_name"),
            _D.offered_at,
            _D.accepted_at,
            _D.expires_at,
        )
        .select_from(
            DELEGATIONS.join(CONTRACTS, CONTRACTS.c.id == _D.contract_id)
            .join(giver, giver.c.id == _D.giver_id)
            .outerjoin(delegate, delegate.c.id == _D.delegate_id)
        )
        .order_by(CONTRACTS.c.number, func.coalesce(_D.accepted_at, _D.offered_at), _D.id)
    )


def _shares(connection: Connection, question: Select[tuple[object, ...]]) -> list[Share]:
    return [Share(**row._mapping) for row in connection.execute(question)]  # noqa: SLF001
