"""Files that feeds come in, JSON Lines or CSV with a heading, read line by line: of any length in the same memory.

A line that cannot be read is one with a fault; the lines after it are read all the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

LONGEST_LINE = 1_000_000


class Told(NamedTuple):
    """What stands on a line: its members by name, or why it cannot be read."""

    number: int
    members: Mapping[str, Any]
    fault: str = ""


class HeadingRefused(ValueError):
    """The first line of a CSV does not name the columns that are needed; the message says which."""


def json_lines(lines: Iterable[str]) -> Iterator[Told]:
    """Read JSON Lines; empty lines are passed over."""
    for number, text in enumerate(lines, start=1):
        if text.strip():
            yield _object(number, text)


def csv_lines(lines: Iterable[str], *, columns: Sequence[str], needed: int) -> Iterator[Told]:
    """Read CSV; the first `needed` of the columns must be there, the others may.

    Raises:
        HeadingRefused: see there.
    """
    reader = csv.DictReader(lines, strict=True)
    missing = [name for name in columns[:needed] if name not in (reader.fieldnames or ())]
    if missing:
        raise HeadingRefused(f"the first line must name the columns {', '.join(columns)}; missing: {missing}")
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Told(reader.line_num, {}, str(error))
            continue
        whole = None not in row and None not in row.values()
        fault = "" if whole else "the line has more or fewer columns than the heading"
        yield Told(reader.line_num, row if whole else {}, fault)


def _object(number: int, text: str) -> Told:
    if len(text) > LONGEST_LINE:
        return Told(number, {}, "the line is too long")
    try:
        members = orjson.loads(text)
    except ValueError:
        return Told(number, {}, "this is not JSON")
    return Told(number, members) if isinstance(members, Mapping) else Told(number, {}, "this is not a JSON object")
