"""The lender's feed, as tests take it in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from typing import Any

from idp.accounts.contract_files import Line
from idp.accounts.contract_record import read_contract
from idp.acts.import_contracts import Imported, import_contracts
from idp.app import Service
from idp.issuance.ceiling import Ceiling
from idp.storage.database import Database
from tests.support.clock import SettableClock

VIN = "WVWZZZ1JZXW000001"
Told = dict[str, Any]


def contract(number: str = "CF-1001", *parties: tuple[str, str, str | None], **changes: Any) -> Told:  # noqa: ANN401
    """A contract as the feed tells it; a party is (reference, role, user ID)."""
    named = [{"reference": reference, "role": role, "user_id": user_id} for reference, role, user_id in parties]
    told = {"number": number, "kind": "loan", "status": "active", "vehicles": [{"vin": VIN}], "parties": named}
    return told | changes


def batches(database: Database, told: Iterable[Told], *, at: float, dry_run: bool = False) -> Iterator[Imported]:
    """Import contracts, batch by batch."""
    return import_contracts(
        database,
        (Line(number, read_contract(one)) for number, one in enumerate(told, start=1)),
        ceiling=Ceiling(["payments.create=pay"]),
        dry_run=dry_run,
        actor="test",
        clock=SettableClock(at),
        entropy=secrets.token_bytes,
    )


def take_in(database: Database, *told: Told, at: float = 10.0, dry_run: bool = False) -> Imported:
    """Import contracts, and sum up what became of them."""
    total = Imported()
    for batch in batches(database, told, at=at, dry_run=dry_run):
        total.lines = batch.lines
        for name in ("added", "changed", "unchanged", "parties_ended"):
            setattr(total, name, getattr(total, name) + getattr(batch, name))
        total.faults += batch.faults
    return total


def feed_database(database: Database, *told: Told) -> None:
    """Take contracts in beside a running issuer; all of them are sound."""
    assert [] == take_in(database, *told, at=time.time()).faults


def feed(node: Service, *told: Told) -> None:
    """Take contracts in at a node, now; all of them are sound."""
    assert [] == take_in(node.database, *told, at=node.clock()).faults
