"""A feed of contracts as a file: JSON Lines, one contract a line; or CSV, one party a line.

In CSV the lines of one contract stand together; their columns are number, kind, status, vins (separated by spaces),
reference, role, user_id. Both are read line by line, so that a file of any length takes the same memory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson

from idp.accounts.contract_policy import ContractRefused
from idp.accounts.contract_record import ContractRecord, read_contract

COLUMNS = ("number", "kind", "status", "vins", "reference", "role", "user_id")
LONGEST_LINE = 1_000_000
SHARED = ("kind", "status", "vins")


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on a line (of CSV: on this line and those that belong to it): a contract, or why it is none."""

    number: int
    record: ContractRecord | None
    fault: str = ""


def read_json_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Read JSON Lines; empty lines are passed over."""
    seen: set[int] = set()
    for number, text in enumerate(lines, start=1):
        if text.strip():
            yield _line(number, lambda text=text: _object(text), seen)


def read_csv(lines: Iterable[str]) -> Iterator[Line]:
    """Read CSV with a heading.

    Raises:
        ContractRefused: the heading does not name the columns.
    """
    reader = csv.DictReader(lines, strict=True)
    missing = [name for name in COLUMNS[:6] if name not in (reader.fieldnames or ())]
    if missing:
        raise ContractRefused(f"the first line must name the columns {', '.join(COLUMNS)}; missing: {missing}")
    seen: set[int] = set()
    for _, rows in groupby(_numbered(reader), key=lambda row: row[1].get("number")):
        together = list(rows)
        yield _line(together[0][0], lambda together=together: _contract([row for _, row in together]), seen)


def _numbered(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row = {"number": None, "fault": str(error)}
        yield reader.line_num, row


def _line(number: int, read: Any, seen: set[int]) -> Line:  # noqa: ANN401 - gives what read_contract takes
    try:
        record = read_contract(read())
    except ContractRefused as error:
        return Line(number, None, str(error))
    # Eight bytes a contract: what is in the file twice would end the parties of its first half.
    if (known := hash(record.key)) in seen:
        return Line(number, None, f"contract {record.number} stood further up already; its lines belong together")
    seen.add(known)
    return Line(number, record)


def _object(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST_LINE:
        raise ContractRefused("the line is too long")
    try:
        told = orjson.loads(text)
    except ValueError as error:
        raise ContractRefused("this is not JSON") from error
    if not isinstance(told, Mapping):
        raise ContractRefused("this is not a JSON object")
    return told


def _contract(rows: list[dict[str, Any]]) -> Mapping[str, Any]:
    first = rows[0]
    if "fault" in first or None in first or any(None in row.values() for row in rows):
        raise ContractRefused(str(first.get("fault") or "the line has more or fewer columns than the heading"))
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
