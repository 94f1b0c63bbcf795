"""``idp audit``: watch what happens, and export what happened, one JSON document a line.

What proves that nobody has changed it stands in audit_proof.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy import Connection

from idp.audit.browse import Wanted, all_events, events_after, last_id, latest_events
from idp.audit.events import RecordedEvent
from idp.cli.audit_evidence import evidence_command
from idp.cli.audit_proof import key_command, sealed_lines, verifier_command, verify_command
from idp.cli.opened import Opened, config_option, json_option, opened
from idp.cli.printing import when

FOLLOW_SECONDS = 0.5
# Events get their numbers before they are committed, so a smaller number may appear after a larger one.
LATE = 1000
SHOWN = 3

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group("audit")
def audit() -> None:
    """What happened: tail, export; verify, key, verifier; evidence."""


for command in (verify_command, key_command, verifier_command, evidence_command):
    audit.add_command(command)


class Instant(click.ParamType[float]):
    """A date or a time, in UTC where it says nothing else."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read ISO 8601 into seconds since the epoch."""
        if isinstance(value, float):
            return value
        try:
            read = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is not a date or time like 2026-11-22 or 2026-11-22T09:30", param, ctx)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def filters(command: _Command) -> _Command:
    """Give a command the options that choose events."""
    command = click.option("--type", "type_", help="One type of event; sign_in. means all that begin so.")(command)
    command = click.option("--client", "client_id", help="Events of this client.")(command)
    return click.option("--account", "account_id", help="Events of the account with this id.")(command)


personal_option = click.option(
    "--personal", is_flag=True, help="Also where requests came from (personal data: have a reason)."
)


@audit.command("tail")
@click.option("-n", "--lines", "count", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now on; Ctrl-C ends it.")
@filters
@personal_option
@config_option
@json_option
def tail_command(
    *,
    count: int,
    follow: bool,
    account_id: str | None,
    client_id: str | None,
    type_: str | None,
    personal: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show the last events, and those that follow.

    \b
    idp audit tail -n 50 --type sign_in.
    idp audit tail --follow --client portal --json
    """
    wanted = Wanted(account_id=account_id, client_id=client_id, type=type_)
    with opened(config) as service:
        with service.database.reading() as connection:
            seen = _late(connection, wanted)
            latest = latest_events(connection, wanted, count=count)
        for event in latest:
            _print(event, personal=personal, as_json=as_json)
        for event in _following(service, wanted, seen) if follow else ():
            _print(event, personal=personal, as_json=as_json)


@audit.command("export")
@click.option("--since", type=Instant(), help="From this time on, UTC unless it names a zone.")
@click.option("--until", type=Instant(), help="Before this time.")
@filters
@personal_option
@click.option("--sealed", is_flag=True, help="The whole trail with its proof, for `idp audit verifier`.")
@click.option("--output", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="A file to write.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="What it does anyway; for uniformity.")
def export_command(
    *,
    since: float | None,
    until: float | None,
    account_id: str | None,
    client_id: str | None,
    type_: str | None,
    personal: bool,
    sealed: bool,
    output: Any,  # noqa: ANN401 - Click's lazy file
    config: Path | None,
    as_json: bool,  # noqa: ARG001 - there is no other form
) -> None:
    """Write events as JSON, one a line, oldest first.

    \b
    idp audit export --since 2026-11-01 --until 2026-12-01 --output november.jsonl
    idp audit export --sealed --output trail.jsonl
    """
    wanted = Wanted(account_id=account_id, client_id=client_id, type=type_, since=since, until=until)
    if sealed and (personal or wanted != Wanted()):
        raise click.UsageError("--sealed exports the whole trail: a part of it, or personal values, prove nothing")
    with opened(config) as service, service.database.reading() as connection:
        if sealed:
            lines = sealed_lines(connection, issuer=service.settings.issuer)
        else:
            lines = (_line(event, personal=personal) for event in all_events(connection, wanted))
        for line in lines:
            output.write(line + "\n")


def _late(connection: Connection, wanted: Wanted) -> set[int]:
    """Give the ids of the newest events, among which a smaller one may still appear."""
    after = max(0, last_id(connection) - LATE)
    return {event.id for event in events_after(connection, wanted, after=after, count=2 * LATE)}


def _following(service: Opened, wanted: Wanted, seen: set[int]) -> Iterator[RecordedEvent]:
    """Give each event as it appears, without end; `seen` are those that have been shown."""
    while True:
        time.sleep(FOLLOW_SECONDS)
        with service.database.reading() as connection:
            after = max(0, last_id(connection) - LATE)
            found = events_after(connection, wanted, after=after, count=2 * LATE)
        yield from (event for event in found if event.id not in seen)
        seen = {event.id for event in found}


def _print(event: RecordedEvent, *, personal: bool, as_json: bool) -> None:
    if as_json:
        click.echo(_line(event, personal=personal))
        return
    about = {
        "account": event.account_id,
        "client": event.client_id,
        "reference": event.reference,
        **event.details,
        **({"from": event.personal.address} if personal and event.personal else {}),
    }
    told = " ".join(f"{name}={_short(value)}" for name, value in about.items() if value not in (None, ""))
    colour = None if event.result == "ok" else "yellow"
    click.echo(
        f"{when(event.at)}  {click.style(f'{event.type:27}', fg=colour)} {event.result:12} {event.actor}  {told}"
    )


def _short(value: object) -> str:
    """Write a value of an event on one line; the whole list is in the JSON."""
    if not isinstance(value, list):
        return str(value)
    more = f",… ({len(value)})" if len(value) > SHOWN else ""
    return ",".join(map(str, value[:SHOWN])) + more


def _line(event: RecordedEvent, *, personal: bool) -> str:
    import orjson

    document = {name: getattr(event, name) for name in event.__slots__ if name != "personal"}
    document["details"] = dict(event.details)
    if personal and event.personal is not None:
        document["personal"] = {name: getattr(event.personal, name) for name in event.personal.__slots__}
    return orjson.dumps(document).decode()
