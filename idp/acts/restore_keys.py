"""Put a backup of the key ring back: into a new database, or over rows that are older or damaged. All or nothing.

Of each row the later one stays, so a key that was compromised after the database's dump is not trusted again. A ring
that was behind its backup belongs to a database that was itself restored: what that brings back to life ends in the
same transaction. A row that lies in the database at least as new as the backup's is touched only if it does not open.
A signing key that a later ring has no row of stays out: what became of it since the backup, nobody can tell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from idp.acts.after_restore import EndedByRestore, after_restore
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, add_keys, advance_ring, move_key, on_current_ring
from keys.backup import Backup, faults_of, newer_of
from keys.errors import BackupRefused, KeyDamaged
from keys.kek import Kek
from keys.records import KeyRecord
from keys.states import KeyState


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredKeys:
    """Which rows were written and which left out, as kids; `ended` is None where the ring was not behind its backup."""

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    left_out: tuple[str, ...]
    epoch: int
    ended: EndedByRestore | None


def restore_keys(
    database: Database, kek: Kek, backup: Backup, *, actor: str, clock: Clock, entropy: Entropy
) -> RestoredKeys:
    """Write what is missing, older or damaged.

    Raises:
        KeyDamaged: a row of the backup does not open or does not sign; nothing was written.
        BackupRefused: the database's ring is another one: it holds keys that the backup, though later, has never seen.
        RingMoved: others kept changing the ring.
    """
    faults = faults_of(backup.records, kek)
    if faults:
        raise KeyDamaged("the backup does not hold: " + "; ".join(faults.values()))

    def restore(stored: StoredRing) -> RestoredKeys:
        there = {key.kid: key for key in stored.records}
        _require_same_ring(there, stored.epoch, backup)
        chosen = [(there.get(saved.kid), newer_of(there.get(saved.kid), saved, kek)) for saved in backup.records]
        left_out = tuple(saved.kid for saved in backup.records if _became_unknown(saved, there, stored, backup))
        changes = [(before, after) for before, after in chosen if after is not None and after.kid not in left_out]
        if not changes and backup.epoch <= stored.epoch:
            return RestoredKeys(added=(), replaced=(), left_out=left_out, epoch=stored.epoch, ended=None)
        with database.writing() as connection:
            done = _write(connection, stored, backup, changes, actor=actor, entropy=entropy, now=clock())
        return replace(done, left_out=left_out)

    return on_current_ring(database, restore)


def _require_same_ring(there: dict[str, KeyRecord], epoch: int, backup: Backup) -> None:
    strangers = there.keys() - {saved.kid for saved in backup.records}
    if strangers and epoch <= backup.epoch:
        raise BackupRefused(
            f"the database holds another key ring: {', '.join(sorted(strangers))} is not in this later backup; "
            "restore into an empty database"
        )


def _became_unknown(saved: KeyRecord, there: dict[str, KeyRecord], stored: StoredRing, backup: Backup) -> bool:
    return bool(saved.public_jwk) and saved.kid not in there and stored.epoch > backup.epoch


def _write(
    connection: Connection,
    stored: StoredRing,
    backup: Backup,
    changes: list[tuple[KeyRecord | None, KeyRecord]],
    *,
    actor: str,
    entropy: Entropy,
    now: float,
) -> RestoredKeys:
    # A new ring begins where the backup left off, so that its epochs go on growing.
    epoch = advance_ring(connection, seen=stored.epoch, to=max(stored.epoch, backup.epoch) + 1)
    # What stops being active goes first, since the database lets one key per algorithm be active.
    for before, after in sorted(changes, key=lambda change: change[1].state is KeyState.ACTIVE):
        if before is None:
            add_keys(connection, [after])
        else:
            move_key(connection, before, after)
    behind = stored.epoch < backup.epoch
    ended = after_restore(connection, actor=actor, entropy=entropy, now=now) if behind else None
    done = RestoredKeys(
        added=tuple(after.kid for before, after in changes if before is None),
        replaced=tuple(after.kid for before, after in changes if before is not None),
        left_out=(),
        epoch=epoch,
        ended=ended,
    )
    details = {"added": done.added, "replaced": done.replaced, "epoch": epoch, "backup": backup.made_at}
    record(connection, Event(type=EventType.KEYS_RESTORED, at=now, actor=actor, details=details), entropy=entropy)
    return done
