"""``idp audit evidence``: what an auditor asks for each quarter, in one document."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import Connection

from idp.acts.access_review import staff_access
from idp.audit.evidence import DRILL, Quarter, evidence_events, quarter_named
from idp.audit.verify import verify_trail
from idp.audit.verify_export import Broken
from idp.cli.audit_proof import checkpoint_option, fault_facts, received_in, trail_checkpoints
from idp.cli.client_words import directory
from idp.cli.evidence_report import Evidence, Verification
from idp.cli.opened import Opened, config_option, json_option, opened
from idp.cli.printing import print_json
from idp.storage.incident_rows import list_incidents


class QuarterName(click.ParamType[Quarter]):
    """A quarter of a year, in UTC."""

    name = "quarter"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Quarter:
        """Read a name like 2026Q4."""
        if isinstance(value, Quarter):
            return value
        try:
            return quarter_named(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command("evidence")
@click.option("--quarter", required=True, type=QuarterName(), help="Which quarter, like 2026Q4 (UTC).")
@checkpoint_option
@click.option("--markdown", is_flag=True, help="What it does anyway, but for --json.")
@config_option
@json_option
def evidence_command(
    *, quarter: Quarter, received: tuple[Path, ...], markdown: bool, config: Path | None, as_json: bool
) -> None:
    """Report on a quarter: whether the trail holds, who has access, what was done to keys, apps and people.

    Ends with 1 when the trail does not hold; the report is written all the same.

    \b
    idp audit evidence --quarter 2026Q4 --checkpoint mails.txt > 2026Q4.md
    """
    if markdown and as_json:
        raise click.UsageError("--markdown or --json, not both")
    with opened(config) as service:
        if quarter.since > service.clock():
            raise click.UsageError(f"{quarter.name} has not begun")
        evidence = _gathered(service, quarter, received)
    if as_json:
        print_json(evidence.document())
    else:
        click.echo(evidence.markdown(), nl=False)
    if evidence.verification.fault is not None:
        click.echo(f"Error: the audit trail does not hold. At {evidence.verification.fault}", err=True)
        raise click.exceptions.Exit(1)


def _gathered(service: Opened, quarter: Quarter, received: tuple[Path, ...]) -> Evidence:
    clients = directory(service).all()
    with service.database.reading() as connection:
        verification = _verified(connection, received_in(received), now=service.clock())
        staff = staff_access(connection)
        drills = {incident.id for incident in list_incidents(connection) if incident.purpose == DRILL}
        events = evidence_events(connection, quarter, staff={who.account_id for who in staff}, drills=drills)
    return Evidence(
        quarter=quarter,
        issuer=service.settings.issuer,
        made_at=service.clock(),
        made_by=service.actor,
        verification=verification,
        staff=staff,
        clients=clients,
        events=events,
    )


def _verified(connection: Connection, received: list[str], *, now: float) -> Verification:
    try:
        found = verify_trail(connection, trail_checkpoints(connection, received), now=now)
    except (Broken, ValueError) as error:
        return Verification(facts=fault_facts(error), fault=str(error), received=len(received))
    return Verification(facts={"result": "ok", **asdict(found)}, fault=None, received=len(received))
