"""What contracts an account has a part in, and what the part allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from idp.accounts.contract_models import CONTRACTS, PARTIES, VEHICLES
from idp.accounts.contract_policy import PERMISSIONS, PartyRole, contract_key

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
    """A contract as somebody who has a part in it sees it."""

    id: str
    number: str
    kind: str
    status: str
    role: PartyRole
    vehicles: tuple[VehicleFacts, ...] = ()

    @property
    def permissions(self) -> tuple[str, ...]:
        """What the part allows."""
        return tuple(permission.value for permission in PERMISSIONS[self.role])


_C, _P, _V = CONTRACTS.c, PARTIES.c, VEHICLES.c
_OF_ACCOUNT = (
    select(_C.id, _C.number, _C.kind, _C.status, _P.role)
    .select_from(PARTIES.join(CONTRACTS, _P.contract_id == _C.id))
    .where(_P.account_id == bindparam("account_id"), _P.ended_at.is_(None))
    .order_by(_P.since.desc(), _C.number_key)
    .limit(MOST)
)


def contracts_of(connection: Connection, *, account_id: str, vehicles: bool = False) -> list[ContractFacts]:
    """Give the contracts that an account has a part in now, the newest part first; with their vehicles on demand."""
    rows = connection.execute(_OF_ACCOUNT, {"account_id": account_id}).all()
    about = _vehicles_of(connection, [row.id for row in rows]) if vehicles and rows else {}
    return [
        ContractFacts(
            id=row.id,
            number=row.number,
            kind=row.kind,
            status=row.status,
            role=PartyRole(row.role),
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
