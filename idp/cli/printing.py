"""How commands speak: tables and plans for people, one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click


def print_json(value: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def print_table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print columns as wide as they need to be; the heading stands out on a terminal."""
    lines = [tuple(map(_cell, row)) for row in rows]
    widths = [max(len(line[at]) for line in (tuple(heading), *lines)) for at in range(len(heading))]
    click.secho(_aligned(heading, widths), bold=True)
    for line in lines:
        click.echo(_aligned(line, widths))


def print_facts(facts: Mapping[str, object]) -> None:
    """Print one fact a line; several values of one stand below each other."""
    width = max(map(len, facts), default=0) + 2
    for name, value in facts.items():
        first, *more = [_cell(one) for one in value] if isinstance(value, list | tuple) and value else [_cell(value)]
        click.echo(f"{click.style(name, bold=True)}{' ' * (width - len(name))}{first}")
        for line in more:
            click.echo(" " * width + line)


def one_a_line(heading: str, faults: Iterable[str]) -> str:
    """Write faults below each other, under what they are faults of."""
    return "\n  ".join((f"{heading}:", *faults))


def confirm(plan: str, *, yes: bool) -> None:
    """Show what will happen and ask, unless `yes`; a no ends the command with 1.

    Raises:
        click.Abort: the answer is no, or there is nobody to ask.
    """
    if yes:
        return
    click.echo(plan, err=True)
    click.confirm("Go on?", abort=True, err=True)


def when(instant: float | None) -> str:
    """Write an instant as a person reads it, in UTC."""
    if instant is None:
        return "-"
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else str(value)


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever JSON has no word for
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
