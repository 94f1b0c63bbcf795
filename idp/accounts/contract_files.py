"""A feed of contracts as a file: JSON Lines, one contract a line; or CSV, one party a line.

In CSV the lines of one contract stand together; their columns are number, kind, status, vins (separated by spaces),
reference, role, user_id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from idp.accounts.contract_policy import ContractRefused
from idp.accounts.contract_record import ContractRecord, read_contract
from idp.accounts.feed_lines import Told, csv_lines, json_lines

COLUMNS = ("number", "kind", "status", "vins", "reference", "role", "user_id")
SHARED = ("kind", "status", "vins")


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on a line (of CSV: on this line and those that belong to it): a contract, or why it is none."""

    number: int
    record: ContractRecord | None
    fault: str = ""


def read_json_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Read JSON Lines."""
    seen: set[int] = set()
    for told in json_lines(lines):
        yield _line([told], seen)


def read_csv(lines: Iterable[str]) -> Iterator[Line]:
    """Read CSV with a heading.

    Raises:
        HeadingRefused: the heading does not name the columns.
    """
    seen: set[int] = set()
    rows = csv_lines(lines, columns=COLUMNS, needed=6)
    for _, together in groupby(rows, key=lambda told: told.members.get("number", told.number)):
        yield _line(list(together), seen, csv=True)


def _line(told: Sequence[Told], seen: set[int], *, csv: bool = False) -> Line:
    number = told[0].number
    if told[0].fault:
        return Line(number, None, told[0].fault)
    try:
        record = read_contract(_contract([one.members for one in told]) if csv else told[0].members)
    except ContractRefused as error:
        return Line(number, None, str(error))
    # Eight bytes a contract: what is in the file twice would end the parties of its first half.
    if (known := hash(record.key)) in seen:
        return Line(number, None, f"contract {record.number} stood further up already; its lines belong together")
    seen.add(known)
    return Line(number, record)


def _contract(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    first = rows[0]
    for name in SHARED:
        if len({row[name] for row in rows}) > 1:
            raise ContractRefused(f"the lines of one contract differ in {name}")
    return {
        "number": first["number"],
        "kind": first["kind"],
        "status": first["status"],
        "vehicles": [{"vin": vin} for vin in first["vins"].split()],
        "parties": [
            {name: row.get(name) for name in ("reference", "role", "user_id")} for row in rows if row["reference"]
        ],
    }
