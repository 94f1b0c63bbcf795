"""What all imports have in common: which file, how far, what was faulty, and the sum of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import click

from idp.accounts.feed_lines import HeadingRefused
from idp.cli.opened import Unusable
from idp.cli.printing import print_json

Reader = Callable[[Iterable[str]], Iterator[Any]]

file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
format_option = click.option(
    "--format", "suffix", type=click.Choice(["csv", "jsonl"]), help="Else what the file's name ends with."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Check every line, and change nothing.")


class Batch(Protocol):
    """What became of a part of a feed."""

    faults: list[tuple[int, str]]


@contextmanager
def feed_lines(
    file: Path, suffix: str | None, readers: Mapping[str, Reader], *, quiet: bool
) -> Iterator[Iterator[Any]]:
    """Give what stands on the lines of a file, and show how far it is read.

    Raises:
        UsageError: nobody knows what kind of file it is.
        Unusable, ClickException: it cannot be read, or its heading names the wrong columns.
    """
    read = readers.get(suffix or file.suffix.lower().lstrip("."))
    if read is None:
        raise click.UsageError("say what it is: --format csv, or --format jsonl")
    with _opened(file) as stream:
        size = max(1, os.fstat(stream.fileno()).st_size)
        with click.progressbar(length=size, label="Importing", hidden=quiet) as bar:
            yield _readable(read(_counted(stream, bar)))


def take_in(batches: Iterable[Batch], what: str, *, dry_run: bool, as_json: bool) -> None:
    """Let a feed be taken in, name its faults as they come, and end with the sum; exit code 1 where lines were faulty.

    Raises:
        SystemExit: see there.
    """
    sums: dict[str, int] = {}
    faulty = 0
    for batch in batches:
        for number, fault in batch.faults:
            click.echo(f"line {number}: {fault}", err=True)
        faulty += len(batch.faults)
        for name, count in vars_of(batch).items():
            sums[name] = sums.get(name, 0) + count
    if as_json:
        print_json(sums | {"faults": faulty, "dry_run": dry_run})
    else:
        click.echo(_told(sums, what, faulty, dry_run=dry_run))
    if faulty:
        raise SystemExit(1)


def vars_of(batch: Batch) -> dict[str, int]:
    """Give what a batch counts, by name."""
    return {name: getattr(batch, name) for name in type(batch).__dataclass_fields__ if name not in {"lines", "faults"}}  # type: ignore[attr-defined]


def _told(sums: Mapping[str, int], what: str, faulty: int, *, dry_run: bool) -> str:
    added, changed, unchanged = (sums.get(name, 0) for name in ("added", "changed", "unchanged"))
    said = f"{added} {what} added, {changed} changed, {unchanged} as they were"
    ended = f"; {sums['parties_ended']} parties ended" if sums.get("parties_ended") else ""
    left_out = f"; {faulty} lines left out" if faulty else ""
    return f"{'A dry run, nothing was written: ' if dry_run else ''}{said}{ended}{left_out}."


def _opened(file: Path) -> IO[str]:
    try:
        return file.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise Unusable(f"can't read {file}: {error.strerror}") from None


def _counted(stream: IO[str], bar: Any) -> Iterator[str]:  # noqa: ANN401 - Click's progress bar
    for text in stream:
        bar.update(len(text))
        yield text


def _readable(lines: Iterable[Any]) -> Iterator[Any]:
    try:
        yield from lines
    except HeadingRefused as error:
        raise click.ClickException(str(error)) from None
