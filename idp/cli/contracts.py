"""``idp contracts``: take in the lender's feed, and look at one contract."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from idp.accounts.contract_files import read_csv, read_json_lines
from idp.accounts.contract_policy import ContractRefused
from idp.accounts.contracts import find_contract
from idp.acts.import_contracts import import_contracts
from idp.cli.feed import dry_run_option, feed_lines, file_argument, format_option, take_in
from idp.cli.opened import config_option, json_option, opened
from idp.cli.printing import print_facts, print_json, print_table, when
from idp.issuance.ceiling import Ceiling

READERS = {"csv": read_csv, "jsonl": read_json_lines}


@click.group("contracts")
def contracts() -> None:
    """The lender's contracts, their vehicles, and who is a party to them."""


@contracts.command("import")
@file_argument
@format_option
@dry_run_option
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
    with opened(config) as service, feed_lines(file, suffix, READERS, quiet=as_json) as lines:
        batches = import_contracts(
            service.database,
            lines,
            ceiling=Ceiling(service.settings.scope_permissions),
            dry_run=dry_run,
            actor=service.actor,
            clock=service.clock,
            entropy=service.entropy,
        )
        take_in(batches, "contracts", dry_run=dry_run, as_json=as_json)


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
