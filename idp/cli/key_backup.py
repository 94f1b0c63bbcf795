"""``idp keys backup`` and ``idp keys restore``: the ring in a file, and back."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from idp.acts.restore_keys import RestoredKeys, restore_keys
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.cli.key_lives import refused_in_words
from idp.cli.opened import Opened, Unusable, config_option, json_option, opened, read_settings, yes_option
from idp.cli.printing import confirm, print_json, when
from idp.cli.restored_words import said
from idp.custody import load_kek
from idp.storage.key_rows import read_ring
from keys.backup import Backup, faults_of, open_backup, seal_backup
from keys.errors import BackupRefused, KeyDamaged, KeysError
from keys.private_file import write_once
from keys.records import LOCAL

MOST_OCTETS = 64 * 1024 * 1024
file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command("backup")
@file_argument
@config_option
@json_option
def backup_command(file: Path, *, config: Path | None, as_json: bool) -> None:
    """Write the key ring to a new file: every key and secret, wrapped, and sealed by the key-encryption key.

    Keep it apart from the key-encryption key: either alone opens nothing.

    \b
    idp keys backup /media/safe/keys.json
    """
    with opened(config) as service, refused_in_words():
        kek = service.kek()
        with service.database.reading() as connection:
            stored = read_ring(connection)
        backup = Backup(
            issuer=service.settings.issuer, epoch=stored.epoch, made_at=service.clock(), records=stored.records
        )
        faults = faults_of(backup.records, kek)
        if faults or not backup.records:
            raise KeyDamaged("nothing was written: " + ("; ".join(faults.values()) or "there are no keys yet"))
        _write(file, seal_backup(backup, kek, entropy=service.entropy))
        _note(service, backup)
    if as_json:
        print_json({"file": str(file), **_facts(backup)})
        return
    click.echo(f"{len(backup.records)} keys and secrets are in {file}, as of change {backup.epoch} of the ring.")
    click.echo(f"It opens with the key-encryption key {kek.kek_id} alone: `idp keys restore {file} --verify` tries it.")


@click.command("restore")
@file_argument
@click.option("--verify", is_flag=True, help="Open every key, let it sign and verify, and change nothing.")
@yes_option
@config_option
@json_option
def restore_command(file: Path, *, verify: bool, yes: bool, config: Path | None, as_json: bool) -> None:
    """Put a backup of the key ring back: what is missing, older or damaged.

    A ring that was behind its backup means that the database was restored: then all sign-ins, grants, links and codes
    end, too. --verify needs the key-encryption key and no database.

    \b
    idp keys restore /media/safe/keys.json --verify
    idp keys restore /media/safe/keys.json
    """
    if verify:
        _verify(file, config, as_json=as_json)
        return
    with opened(config) as service, refused_in_words():
        kek = service.kek()
        backup = open_backup(_read(file), kek)
        _require_issuer(backup, service.settings.issuer)
        confirm(f"The key ring becomes what it was on {when(backup.made_at)}, where it is older or damaged.", yes=yes)
        done = restore_keys(
            service.database, kek, backup, actor=service.actor, clock=service.clock, entropy=service.entropy
        )
    if as_json:
        print_json(asdict(done))
        return
    _tell(done)


def _verify(file: Path, config: Path | None, *, as_json: bool) -> None:
    settings = read_settings(config)
    try:
        kek = load_kek(settings)
        backup = open_backup(_read(file), kek)
        _require_issuer(backup, settings.issuer)
    except KeysError as error:
        raise Unusable(str(error)) from None
    faults = faults_of(backup.records, kek)
    if as_json:
        print_json(_facts(backup) | {"faults": faults})
    else:
        click.echo(f"{file}: the key ring of {backup.issuer} as of {when(backup.made_at)}, change {backup.epoch}.")
        for (state, algorithm), number in sorted(_facts_by_state(backup).items()):
            click.echo(f"{number:4} {state:12} {algorithm}")
        for home in sorted({key.home for key in backup.records} - {LOCAL}):
            click.echo(f"Private parts in {home} are not in this file, and can't be.")
        click.echo("\n".join(faults.values()) or "Every private part opens, and every key that serves signs.")
    if faults:
        raise SystemExit(1)


def _tell(done: RestoredKeys) -> None:
    for kid in done.left_out:
        click.echo(
            f"{kid} stays out: the ring has changed since the backup, and nobody can tell what became of this key."
        )
    if not done.added and not done.replaced and done.ended is None:
        click.echo("Nothing was missing, older or damaged.")
        return
    click.echo(f"Keys and secrets put back: {len(done.added)}, replaced: {len(done.replaced)}.")
    if done.ended is not None:
        click.echo(said(done.ended))


def _require_issuer(backup: Backup, issuer: str) -> None:
    if backup.issuer != issuer:
        raise BackupRefused(f"this is the key ring of {backup.issuer}, not of {issuer}")


def _facts(backup: Backup) -> dict[str, object]:
    states = {f"{state} {algorithm}": number for (state, algorithm), number in _facts_by_state(backup).items()}
    return {
        "issuer": backup.issuer,
        "epoch": backup.epoch,
        "made_at": backup.made_at,
        "rows": len(backup.records),
        "keys": states,
    }


def _facts_by_state(backup: Backup) -> Counter[tuple[str, str]]:
    return Counter((key.state.value, key.algorithm) for key in backup.records if key.public_jwk)


def _note(service: Opened, backup: Backup) -> None:
    details = {"epoch": backup.epoch, "rows": len(backup.records)}
    event = Event(type=EventType.KEYS_BACKED_UP, at=backup.made_at, actor=service.actor, details=details)
    with service.database.writing() as connection:
        record(connection, event, entropy=service.entropy)


def _write(file: Path, content: bytes) -> None:
    try:
        write_once(file, content)
    except FileExistsError:
        raise Unusable(f"{file} exists already and is never replaced") from None
    except OSError as error:
        raise Unusable(f"can't write {file}: {error.strerror}") from None


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(MOST_OCTETS)
    except OSError as error:
        raise Unusable(f"can't read {file}: {error.strerror}") from None
