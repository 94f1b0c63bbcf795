"""Who is a party to which contract: changed by the lender's feed alone, and never by another party."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from idp.accounts.contract_models import PARTIES
from idp.accounts.contract_record import PartyRecord
from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import Kind, Status
from idp.storage.handles import Entropy, new_id


@dataclass(frozen=True, slots=True)
class Holders:
    """Whose accounts the people of a feed have: by the user ID that it names, else by the reference in the books."""

    by_user_id: Mapping[str, str]
    by_reference: Mapping[str, str]

    @classmethod
    def of(cls, connection: Connection, parties: Sequence[PartyRecord]) -> Holders:
        """Look up everybody who is named, in two questions."""
        a = ACCOUNTS.c
        named = {party.user_id_key for party in parties if party.user_id_key}
        customers = select(a.user_id_key, a.id).where(
            a.user_id_key.in_(named), a.kind != Kind.STAFF.value, a.status != Status.CLOSED.value
        )
        p = PARTIES.c
        known = select(p.reference, p.account_id).where(
            p.reference.in_({party.reference for party in parties}), p.account_id.is_not(None), p.ended_at.is_(None)
        )
        return cls(
            {row.user_id_key: row.id for row in connection.execute(customers)} if named else {},
            {row.reference: row.account_id for row in connection.execute(known)} if parties else {},
        )

    def faults(self, parties: Iterable[PartyRecord]) -> Iterator[str]:
        """Yield a sentence for each person whose account can't be told."""
        for party in parties:
            if party.user_id_key is not None and party.user_id_key not in self.by_user_id:
                yield f"no customer has the user ID that the feed names for {party.reference}"

    def account_of(self, party: PartyRecord) -> str | None:
        """Give the account of a person, None while they have none."""
        if party.user_id_key is not None:
            return self.by_user_id[party.user_id_key]
        return self.by_reference.get(party.reference)


@dataclass(slots=True)
class ChangedParties:
    """How many parts ended, and whose accounts may see more or less than before."""

    ended: int = 0
    accounts: set[str] = field(default_factory=set)


def change_parties(
    connection: Connection,
    wanted: Mapping[str, Sequence[PartyRecord]],
    holders: Holders,
    *,
    now: float,
    entropy: Entropy,
) -> ChangedParties:
    """Make the parties of these contracts (by id) those that are wanted.

    A part whose role or account changes ends, and another one begins: who was what, and when, stays known.
    """
    changed = ChangedParties()
    there = _open_parts(connection, wanted)
    new = {
        (contract_id, party.reference): (party.role.value, holders.account_of(party))
        for contract_id, parties in wanted.items()
        for party in parties
    }
    over = [row for key, row in there.items() if new.get(key) != (row.role, row.account_id)]
    begun = {key: part for key, part in new.items() if key not in there or there[key] in over}
    if over:
        connection.execute(update(PARTIES).where(PARTIES.c.id.in_([row.id for row in over])).values(ended_at=now))
    if begun:
        connection.execute(insert(PARTIES), [_row(key, part, now, entropy) for key, part in begun.items()])
    changed.ended = sum((row.contract_id, row.reference) not in new for row in over)
    changed.accounts = {account for account in (*(row.account_id for row in over), *_accounts(begun)) if account}
    return changed


def _accounts(begun: Mapping[tuple[str, str], tuple[str, str | None]]) -> list[str | None]:
    return [account_id for _, account_id in begun.values()]


def _open_parts(connection: Connection, contracts: Iterable[str]) -> dict[tuple[str, str], Any]:
    p = PARTIES.c
    ids = list(contracts)
    if not ids:
        return {}
    found = connection.execute(
        select(p.id, p.contract_id, p.reference, p.role, p.account_id).where(
            p.contract_id.in_(ids), p.ended_at.is_(None)
        )
    )
    return {(row.contract_id, row.reference): row for row in found}


def _row(key: tuple[str, str], part: tuple[str, str | None], now: float, entropy: Entropy) -> dict[str, Any]:
    (contract_id, reference), (role, account_id) = key, part
    return {
        "id": new_id(entropy),
        "contract_id": contract_id,
        "reference": reference,
        "role": role,
        "account_id": account_id,
        "since": now,
        "ended_at": None,
    }
