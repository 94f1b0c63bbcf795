"""One contract as the lender's feed tells it: the whole of it, so that who is not named is no party any more.

What is read here is checked and folded; the database is asked nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from idp.accounts.contract_policy import ContractKind, ContractRefused, ContractStatus, PartyRole, contract_key
from idp.accounts.identifiers import InvalidIdentifier, canonical
from idp.accounts.vin import VinRefused, canonical_vin

MOST_VEHICLES = 500
MOST_PARTIES = 50
_LENGTHS = {"number": 64, "reference": 64, "make": 64, "model": 64, "registration": 16}
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleRecord:
    """A vehicle; `registration` is what stands on its plate."""

    vin: str
    make: str | None = None
    model: str | None = None
    registration: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRecord:
    """A person of the lender's books; `user_id_key` names the account that is theirs, where the lender knows it."""

    reference: str
    role: PartyRole
    user_id_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRecord:
    """A contract and everything in it."""

    number: str
    key: str
    kind: ContractKind
    status: ContractStatus
    vehicles: tuple[VehicleRecord, ...]
    parties: tuple[PartyRecord, ...]

    def digest(self) -> bytes:
        """Give 32 bytes that change when anything in the record does."""
        return sha256(orjson.dumps(self)).digest()


def read_contract(told: Mapping[str, Any]) -> ContractRecord:
    """Read one contract of a feed.

    Raises:
        ContractRefused: every fault, in one message.
    """
    faults: list[str] = []
    number = _text(told, "number", faults, needed=True) or ""
    key = _tried(faults, contract_key, number) if number else None
    kind = _one_of(ContractKind, told, "kind", faults)
    status = _one_of(ContractStatus, told, "status", faults)
    vehicles = tuple(_vehicles(_listed(told, "vehicles", MOST_VEHICLES, faults), faults))
    parties = tuple(_parties(_listed(told, "parties", MOST_PARTIES, faults), faults))
    faults += _twice("vehicle", [vehicle.vin for vehicle in vehicles])
    faults += _twice("party", [party.reference for party in parties])
    if faults or key is None or kind is None or status is None:
        raise ContractRefused("; ".join(faults))
    return ContractRecord(number=number, key=key, kind=kind, status=status, vehicles=vehicles, parties=parties)


def _vehicles(rows: Sequence[Mapping[str, Any]], faults: list[str]) -> Iterator[VehicleRecord]:
    for row in rows:
        vin = _tried(faults, canonical_vin, _text(row, "vin", faults, needed=True) or "")
        about = {name: _text(row, name, faults) for name in ("make", "model", "registration")}
        if vin is not None:
            yield VehicleRecord(vin=vin, **about)


def _parties(rows: Sequence[Mapping[str, Any]], faults: list[str]) -> Iterator[PartyRecord]:
    for row in rows:
        reference = _text(row, "reference", faults, needed=True)
        role = _one_of(PartyRole, row, "role", faults)
        typed = _text(row, "user_id", faults)
        user_id_key = None if typed is None else _tried(faults, canonical, typed)
        if reference and role is not None:
            yield PartyRecord(reference=reference, role=role, user_id_key=user_id_key)


def _listed(told: Mapping[str, Any], name: str, most: int, faults: list[str]) -> Sequence[Mapping[str, Any]]:
    rows = told.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows) or len(rows) > most:
        faults.append(f"{name} must be a list of at most {most} objects")
        return []
    return rows


def _text(row: Mapping[str, Any], name: str, faults: list[str], *, needed: bool = False) -> str | None:
    value = row.get(name)
    if value is None or value == "":
        if needed:
            faults.append(f"{name} is missing")
        return None
    if not isinstance(value, str) or len(value) > _LENGTHS.get(name, 254) or _STEERING & _categories(value):
        faults.append(f"{name} must be a text of at most {_LENGTHS.get(name, 254)} characters, none of them invisible")
        return None
    return unicodedata.normalize("NFC", value.strip())


def _categories(text: str) -> set[str]:
    return set(map(unicodedata.category, text))


def _one_of(words: Any, row: Mapping[str, Any], name: str, faults: list[str]) -> Any:  # noqa: ANN401 - an enumeration
    try:
        return words(row.get(name))
    except ValueError:
        faults.append(f"{name} must be one of {', '.join(words)}")
        return None


def _tried(faults: list[str], read: Any, text: str) -> str | None:  # noqa: ANN401 - any of the readers above
    try:
        return str(read(text))
    except (ContractRefused, InvalidIdentifier, VinRefused) as error:
        faults.append(str(error))
        return None


def _twice(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what} {name} is named twice" for name in sorted({name for name in names if names.count(name) > 1})]
