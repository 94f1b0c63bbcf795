"""``idp contracts``: take in the lender's feed, and look at one contract."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import click

from idp.accounts.contract_files import Line, read_csv, read_json_lines
from idp.accounts.contract_policy import ContractRefused
from idp.accounts.contracts import find_contract
from idp.acts.import_contracts import Imported, import_contracts
from idp.cli.opened import Opened, Unusable, config_option, json_option, opened
from idp.cli.printing import print_facts, print_json, print_table, when
from idp.issuance.ceiling import Ceiling

Reader = Callable[[Iterable[str]], Iterator[Line]]
FORMATS: dict[str, Reader] = {".csv": read_csv, ".jsonl": read_json_lines}


@click.group("contracts")
def contracts() -> None:
    """The lender's contracts, their vehicles, and who is a party to them."""


@contracts.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "suffix", type=click.Choice(["csv", "jsonl"]), help="Else what the file's name ends with.")
@click.option("--dry-run", is_flag=True, help="Check every line, and change nothing.")
@config_option
@json_option
def import_command(file: Path, *, suffix: str | None, dry_run: bool, config: Path | None, as_json: bool) -> None:
    """Take in a feed: each contract becomes what the file says, and stays what it is if a line of it is faulty.

    Who is not named any more is no party any more. What has not changed is passed over, so a run that was interrupted
    is simply run again. Exit code 1 says that some lines were faulty; they are named.

    \b
    idp contracts import feed.jsonl --dry-run
    idp contracts import feed.csv
    """
    read = FORMATS.get(f".{suffix}" if suffix else file.suffix.lower())
    if read is None:
        raise click.UsageError("say what it is: --format csv, or --format jsonl")
    total = Total()
    with opened(config) as service, _opened(file) as stream:
        for batch in _imported(service, stream, read, dry_run=dry_run, quiet=as_json, total=total):
            for number, fault in batch.faults:
                click.echo(f"line {number}: {fault}", err=True)
    if as_json:
        print_json(asdict(total) | {"dry_run": dry_run})
    else:
        click.echo(total.told(dry_run=dry_run))
    if total.faults:
        raise SystemExit(1)


def _opened(file: Path) -> IO[str]:
    try:
        return file.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise Unusable(f"can't read {file}: {error.strerror}") from None


@dataclass
class Total:
    """The sum of all batches; `faults` are the lines that were left out."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    parties_ended: int = 0
    faults: int = 0

    def take(self, batch: Imported) -> None:
        """Add a batch."""
        for name in ("added", "changed", "unchanged", "parties_ended"):
            setattr(self, name, getattr(self, name) + getattr(batch, name))
        self.faults += len(batch.faults)

    def told(self, *, dry_run: bool) -> str:
        """Say it in a sentence."""
        said = f"{self.added} contracts added, {self.changed} changed, {self.unchanged} as they were"
        ended = f"; {self.parties_ended} parties ended" if self.parties_ended else ""
        faulty = f"; {self.faults} lines left out" if self.faults else ""
        return f"{'A dry run, nothing was written: ' if dry_run else ''}{said}{ended}{faulty}."


def _imported(
    service: Opened,
    stream: IO[str],
    read: Reader,
    *,
    dry_run: bool,
    quiet: bool,
    total: Total,
) -> Iterator[Imported]:
    size = max(1, os.fstat(stream.fileno()).st_size)
    with click.progressbar(length=size, label="Importing", hidden=quiet) as bar:
        lines = _readable(read(_counted(stream, bar)))
        for batch in import_contracts(
            service.database,
            lines,
            ceiling=Ceiling(service.settings.scope_permissions),
            dry_run=dry_run,
            actor=service.actor,
            clock=service.clock,
            entropy=service.entropy,
        ):
            total.take(batch)
            yield batch


def _counted(stream: IO[str], bar: Any) -> Iterator[str]:  # noqa: ANN401 - Click's progress bar
    for text in stream:
        bar.update(len(text))
        yield text


def _readable(lines: Iterable[Line]) -> Iterator[Line]:
    try:
        yield from lines
    except ContractRefused as error:
        raise click.ClickException(str(error)) from None


@contracts.command("show")
@click.argument("number")
@config_option
@json_option
def show_command(number: str, *, config: Path | None, as_json: bool) -> None:
    """Show a contract: its vehicles, and who is or was a party.

    \b
    idp contracts show CF-2024-1001
    """
    with opened(config) as service, service.database.reading() as connection:
        try:
            found = find_contract(connection, number=number)
        except ContractRefused as error:
            raise click.ClickException(str(error)) from None
    if found is None:
        raise click.ClickException("there is no contract of this number")
    vehicles = [asdict(vehicle) for vehicle in found["vehicles"]]
    if as_json:
        print_json({**found, "vehicles": vehicles})
        return
    facts = {name: found[name] for name in ("number", "kind", "status")} | {"updated": when(found["updated_at"])}
    print_facts(facts | {"vehicles": [" ".join(filter(None, vehicle.values())) for vehicle in vehicles]})
    print_table(
        ("PERSON", "ROLE", "ACCOUNT", "SINCE", "ENDED"),
        [
            (party["reference"], party["role"], party["account_id"], when(party["since"]), when(party["ended_at"]))
            for party in found["parties"]
        ],
    )
