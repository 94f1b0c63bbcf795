"""What an account says about its person: the standard claims of OpenID Connect Core §5.1, contracts and vehicles.

A claim without a value is left out, never null or empty (§5.3.2), and an address or number never goes without its
`…_verified` when both are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from idp.accounts.contract_policy import Permission
from idp.accounts.contracts import ContractFacts, contracts_of
from idp.accounts.facts import AccountFacts
from idp.accounts.policy import ADDRESS_MEMBERS, TEXT_CLAIMS

Reader = Callable[[AccountFacts], Any]
CONTRACT_CLAIMS = frozenset({"contracts", "vehicles"})


def person_claims(connection: Connection, account: AccountFacts, names: Iterable[str], *, now: float) -> dict[str, Any]:
    """Give those of the named claims that the account has; contracts are read only if they are asked for."""
    wanted = frozenset(names)
    claims = standard_claims(account, wanted)
    if wanted & CONTRACT_CLAIMS:
        contracts = contracts_of(connection, account_id=account.id, now=now, vehicles="vehicles" in wanted)
        claims |= {
            name: value
            for name, value in contract_claims(contracts, account_id=account.id).items()
            if name in wanted and value
        }
    return claims


def contract_claims(contracts: Sequence[ContractFacts], *, account_id: str) -> dict[str, list[dict[str, Any]]]:
    """Write contracts as the claims `contracts` (what the person may do with each) and `vehicles`.

    With a guest's contract stands for whom they act, in the terms of RFC 8693 §4.1: the party is its `sub`, the guest
    the `act`.
    """
    return {
        "contracts": [
            {
                "number": contract.number,
                "kind": contract.kind,
                "status": contract.status,
                "role": contract.role,
                "permissions": list(contract.permissions),
                **_shared(contract, account_id),
            }
            for contract in contracts
        ],
        "vehicles": [
            {name: value for name, value in asdict(vehicle).items() if value} | {"contract": contract.number}
            for contract in contracts
            for vehicle in contract.vehicles
        ],
    }


def _shared(contract: ContractFacts, account_id: str) -> dict[str, Any]:
    if contract.until is None:
        return {}
    limit = {"limit": "amount_due"} if contract.shared == Permission.PAY else {}
    acting = {"sub": contract.giver_id, "act": {"sub": account_id}}
    return {"until": int(contract.until), **limit, **acting}


def standard_claims(account: AccountFacts, names: Iterable[str]) -> dict[str, Any]:
    """Give those of the named claims that the account has; names that are no standard claim are left out."""
    known = {name: _claim(account, name) for name in names}
    return {name: value for name, value in known.items() if value is not None}


def _claim(account: AccountFacts, name: str) -> Any:  # noqa: ANN401 - a claim is any JSON value
    if name in TEXT_CLAIMS:
        return account.claims.get(name) or None
    reader: Reader | None = _COLUMNS.get(name)
    return None if reader is None else reader(account)


def _address(account: AccountFacts) -> dict[str, str] | None:
    given = account.claims.get("address") or {}
    return {member: given[member] for member in ADDRESS_MEMBERS if given.get(member)} or None


_COLUMNS: dict[str, Reader] = {
    "preferred_username": lambda account: account.user_id,
    "email": lambda account: account.email,
    "email_verified": lambda account: account.email_verified if account.email else None,
    "phone_number": lambda account: account.phone_number,
    "phone_number_verified": lambda account: account.phone_number_verified if account.phone_number else None,
    "locale": lambda account: account.locale,
    "updated_at": lambda account: int(account.updated_at),
    "address": _address,
    "account_type": lambda account: account.kind,
}
