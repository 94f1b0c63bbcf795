"""``idp doctor``: what is right, what is not, and what to do next. Changes nothing.

Exit codes: 0 nothing failed (there may be warnings), 1 something did; also settings that cannot be used are findings.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from idp.cli.opened import config_option, json_option
from idp.cli.printing import print_json
from idp.settings import Settings, SettingsRefused, load_settings

if TYPE_CHECKING:
    from idp.operating.checkup import Finding

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command("doctor")
@config_option
@json_option
def doctor(*, config: Path | None, as_json: bool) -> None:
    """Look at settings, database, Redis, keys, hashing and proxies, and say what to do next.

    \b
    idp doctor --json
    """
    findings = list(_findings(config))
    failed = any(finding.status == "fail" for finding in findings)
    pressing = sorted(findings, key=lambda finding: finding.status != "fail")
    todo = list(dict.fromkeys(finding.remedy for finding in pressing if finding.remedy))
    if as_json:
        found = [
            {"check": finding.check, "status": finding.status, "text": finding.text, "remedy": finding.remedy}
            for finding in findings
        ]
        print_json({"ok": not failed, "findings": found, "next": todo})
    else:
        _print(findings, todo, failed=failed)
    raise SystemExit(1 if failed else 0)


def _findings(config: Path | None) -> Iterator[Finding]:
    from idp.operating.checkup import Finding, Status

    try:
        settings = load_settings(config, os.environ)
    except SettingsRefused as error:
        for fault in error.faults:
            yield Finding("settings", Status.FAIL, fault, "mend the settings, then run `idp doctor` again")
        return
    yield Finding("settings", Status.OK, "complete and consistent")
    yield from _of(settings)


def _of(settings: Settings) -> Iterator[Finding]:
    from idp.operating import checkup
    from idp.operating.checkup_mail import look_at_mail_server
    from idp.operating.checkup_storage import look_at_storage

    yield from checkup.look_at_settings(settings)
    yield from look_at_storage(settings, time.time, time.perf_counter)
    yield checkup.look_at_redis(settings)
    mail_server = look_at_mail_server(settings, time.time)
    if mail_server is not None:
        yield mail_server
    yield checkup.look_at_hashing(secrets.token_bytes, time.perf_counter)
    yield checkup.look_at_limits()


def _print(findings: Sequence[Finding], todo: Sequence[str], *, failed: bool) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        status = click.style(f"{finding.status:4}", fg=COLOURS[finding.status])
        click.echo(f"{status}  {finding.check:{width}}  {finding.text}")
    click.echo()
    if not todo:
        click.echo("Nothing to do: `idp serve` starts the service.")
        return
    click.echo("What to do next:" if failed else "It can serve. What would make it better:")
    for number, step in enumerate(todo, start=1):
        click.echo(f"  {number}. {step}")
