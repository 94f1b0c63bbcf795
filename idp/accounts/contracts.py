"""What contracts an account has a part in, and what the part allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Double, String, bindparam, cast, literal_column, null, select

from idp.accounts.contract_models import CONTRACTS, PARTIES, VEHICLES
from idp.accounts.contract_policy import PERMISSIONS, ContractStatus, PartyRole, contract_key
from idp.accounts.delegation_models import DELEGATIONS, in_force

DELEGATE = "delegate"
"""The role of a party's guest."""

MOST = 50
"""So many contracts go into a claim, the newest first; who has more asks the admin API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleFacts:
    """A vehicle of a contract."""

    vin: str
    make: str | None
    model: str | None
    registration: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFacts:
    """A contract as somebody sees it who has a part in it, or with whom a party shares it (`role` is then delegate).

    `shared` is what a guest may do, `until` an instant, `giver_id` the party's account; None for parties.
    """

    id: str
    number: str
    kind: str
    status: str
    role: str
    shared: str | None = None
    until: float | None = None
    giver_id: str | None = None
    vehicles: tuple[VehicleFacts, ...] = ()

    @property
    def permissions(self) -> tuple[str, ...]:
        """What the part allows; of a guest, what is shared with them."""
        if self.shared is not None:
            return (self.shared,)
        return tuple(permission.value for permission in PERMISSIONS[PartyRole(self.role)])


_C, _P, _V, _D = CONTRACTS.c, PARTIES.c, VEHICLES.c, DELEGATIONS.c
_WHOSE = bindparam("account_id", type_=String)
_AS_PARTY = (
    select(
        _C.id,
        _C.number,
        _C.kind,
        _C.status,
        _P.role,
        cast(null(), String).label("shared"),
        cast(null(), Double).label("until"),
        cast(null(), String).label("giver_id"),
        _P.since,
    )
    .select_from(PARTIES.join(CONTRACTS, _P.contract_id == _C.id))
    .where(_P.account_id == _WHOSE, _P.ended_at.is_(None))
)
_AS_DELEGATE = (
    select(
        _C.id,
        _C.number,
        _C.kind,
        _C.status,
        literal_column(f"'{DELEGATE}'").label("role"),
        _D.permission,
        _D.expires_at,
        _D.giver_id,
        _D.accepted_at,
    )
    .select_from(DELEGATIONS.join(CONTRACTS, _D.contract_id == _C.id))
    .where(_D.delegate_id == _WHOSE, in_force(bindparam("now", type_=Double)))
)
_EITHER = _AS_PARTY.union_all(_AS_DELEGATE).subquery()
_OF_ACCOUNT = select(_EITHER).order_by(_EITHER.c.since.desc(), _EITHER.c.number).limit(MOST)


def contracts_of(connection: Connection, *, account_id: str, now: float, vehicles: bool = False) -> list[ContractFacts]:
    """Give the contracts that an account has a part in now, the newest first; with their vehicles on demand.

    Who is a party has that part alone, whatever else is shared with them.
    """
    rows = connection.execute(_OF_ACCOUNT, {"account_id": account_id, "now": now}).all()
    parties = {row.id for row in rows if row.shared is None}
    rows = [row for row in rows if row.shared is None or row.id not in parties]
    about = _vehicles_of(connection, [row.id for row in rows]) if vehicles and rows else {}
    return [
        ContractFacts(
            id=row.id,
            number=row.number,
            kind=row.kind,
            status=row.status,
            role=row.role,
            shared=row.shared,
            until=row.until,
            giver_id=row.giver_id,
            vehicles=tuple(about.get(row.id, ())),
        )
        for row in rows
    ]


def find_contract(connection: Connection, *, number: str) -> Mapping[str, Any] | None:
    """Give everything about one contract, for staff and operators; None if there is none of that number.

    Raises:
        ContractRefused: nothing that could be a number of ours.
    """
    found = connection.execute(select(CONTRACTS).where(_C.number_key == contract_key(number))).one_or_none()
    if found is None:
        return None
    parties = connection.execute(
        select(_P.reference, _P.role, _P.account_id, _P.since, _P.ended_at)
        .where(_P.contract_id == found.id)
        .order_by(_P.since, _P.reference)
    )
    return {
        "number": found.number,
        "kind": found.kind,
        "status": found.status,
        "updated_at": found.updated_at,
        "vehicles": _vehicles_of(connection, [found.id]).get(found.id, []),
        "parties": [row._asdict() for row in parties],
    }


def only_holder_of_vin(connection: Connection, *, vin: str) -> str | None:
    """Give the account of the one person who holds a contract with this vehicle now; None where there is no one."""
    holders = (
        select(_P.account_id)
        .select_from(VEHICLES.join(PARTIES, _P.contract_id == _V.contract_id).join(CONTRACTS, _C.id == _V.contract_id))
        .where(_V.vin == vin, _C.status == ContractStatus.ACTIVE.value)
        .where(_P.role == PartyRole.HOLDER.value, _P.ended_at.is_(None))
        .distinct()
        .limit(2)
    )
    found = connection.execute(holders).scalars().all()
    return found[0] if len(found) == 1 else None


def _vehicles_of(connection: Connection, ids: Sequence[str]) -> dict[str, list[VehicleFacts]]:
    rows = connection.execute(
        select(_V.contract_id, _V.vin, _V.make, _V.model, _V.registration)
        .where(_V.contract_id.in_(ids))
        .order_by(_V.contract_id, _V.vin)
    )
    about: dict[str, list[VehicleFacts]] = {}
    for row in rows:
        about.setdefault(row.contract_id, []).append(
            VehicleFacts(vin=row.vin, make=row.make, model=row.model, registration=row.registration)
        )
    return about
