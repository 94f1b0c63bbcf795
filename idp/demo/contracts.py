"""The demo's contracts, as the lender's feed would tell them: dana's, at which cora may look, and tom's."""

from __future__ import annotations

from idp.accounts.contract_files import Line
from idp.accounts.contract_record import read_contract
from idp.acts.import_contracts import import_contracts
from idp.issuance.ceiling import Ceiling
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy

CONTRACTS = (
    {
        "number": "EMF-2041-7730",
        "kind": "loan",
        "status": "active",
        "vehicles": [
            {"vin": "GX9EV5H27S0012047", "make": "Specimen", "model": "Hatchback E", "registration": "AB25 CDE"}
        ],
        "parties": [
            {"reference": "P-100", "role": "holder", "user_id": "dana"},
            {"reference": "P-101", "role": "guarantor", "user_id": "cora"},
        ],
    },
    {
        "number": "EMF-1987-3312",
        "kind": "lease",
        "status": "active",
        "vehicles": [{"vin": "GX9HY5E24R0008153", "make": "Specimen", "model": "Estate H", "registration": "AB24 FGH"}],
        "parties": [{"reference": "P-102", "role": "holder", "user_id": "tom"}],
    },
)


def seed_contracts(database: Database, ceiling: Ceiling, *, actor: str, clock: Clock, entropy: Entropy) -> None:
    """Take them in; what has not changed since the last start is passed over."""
    lines = [Line(number, read_contract(told)) for number, told in enumerate(CONTRACTS, start=1)]
    for _ in import_contracts(
        database, lines, ceiling=ceiling, dry_run=False, actor=actor, clock=clock, entropy=entropy
    ):
        pass
