"""``idp accounts import``: people from another system."""

from __future__ import annotations

from pathlib import Path

import click

from idp.accounts.people_files import read_people_csv, read_people_json
from idp.acts.import_people import import_people
from idp.cli.feed import dry_run_option, feed_lines, file_argument, format_option, take_in
from idp.cli.opened import config_option, json_option, opened
from idp.passwords.imported import read_hash

READERS = {"csv": read_people_csv, "jsonl": read_people_json}


@click.command("import")
@file_argument
@format_option
@dry_run_option
@config_option
@json_option
def import_command(file: Path, *, suffix: str | None, dry_run: bool, config: Path | None, as_json: bool) -> None:
    """Take in people: the new ones get an account, of the others only their names are brought up to date.

    A column password_hash lets people go on signing in as they did (bcrypt, PBKDF2, scrypt, phpass, {SSHA}). No feed
    changes a password, or an address that somebody has. What has not changed is passed over, so a run that was
    interrupted is simply run again. Exit code 1 says that some lines were faulty; they are named.

    \b
    idp accounts import people.csv --dry-run
    idp accounts import people.jsonl
    """
    from idp.cli.first_password import hasher_for

    with opened(config) as service, feed_lines(file, suffix, READERS, quiet=as_json) as lines:
        hasher = hasher_for(service.settings, service.database, service.entropy)
        batches = import_people(
            service.database,
            lines,
            lambda text: hasher.import_hash(read_hash(text)),
            dry_run=dry_run,
            actor=service.actor,
            clock=service.clock,
            entropy=service.entropy,
        )
        take_in(batches, "people", dry_run=dry_run, as_json=as_json)
