"""Key rings made beforehand, since a new RSA key takes tenths of a second: an issuer in this process gets one of a few.

Each ring was made by `initialise_keys` on a database of its own, with the key-encryption key that wraps it. A test gets
them in turn, so that issuers beside one another never have a key in common unless there are more of them than `RINGS`;
whoever wants an issuer without keys, or calls `initialise_keys`, gets nothing from here.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path

from idp.acts.initialise_keys import initialise_keys
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.handles import Entropy
from idp.storage.key_rows import add_keys, advance_ring, read_ring
from keys.kek_source import file_source
from keys.records import KeyRecord
from tests.support.databases import copy_sqlite

RINGS = 4
_turns = count()


@dataclass(frozen=True, slots=True)
class StockedRing:
    """The rows of a ring as they were made at instant 0, in the order of their making, and the file of its KEK."""

    kek: bytes
    records: tuple[KeyRecord, ...]


def supply_keys(
    database: Database, kek_path: Path, *, algorithms: Sequence[str], actor: str, now: float, entropy: Entropy
) -> None:
    """Write a ring from stock as if it had been made `now`; where there is one, add what it lacks."""
    with database.reading() as connection:
        epoch = read_ring(connection).epoch
    if not epoch and not kek_path.exists():
        ring = _stocked(tuple(algorithms), next(_turns) % RINGS)
        kek_path.touch(mode=0o600)
        kek_path.write_bytes(ring.kek)
        kids = [key.kid for key in ring.records]
        event = Event(type=EventType.KEYS_CREATED, at=now, actor=actor, details={"kids": kids})
        with database.writing() as connection:
            advance_ring(connection, seen=0)
            add_keys(connection, [_made_at(key, now) for key in ring.records])
            record(connection, event, entropy=entropy)
    initialise_keys(database, file_source(kek_path), algorithms=algorithms, actor=actor, now=now, entropy=entropy)


def _made_at(key: KeyRecord, now: float) -> KeyRecord:
    signs_since = None if key.activated_at is None else now
    staged_since = None if key.staged_at is None else now
    return replace(key, created_at=now, effective_at=now, staged_at=staged_since, activated_at=signs_since)


@cache
def _stocked(algorithms: tuple[str, ...], _place: int) -> StockedRing:
    with tempfile.TemporaryDirectory(prefix="idp-ring-") as folder:
        kek = Path(folder, "kek")
        database = Database(open_engine(copy_sqlite(Path(folder, "ring.sqlite"))))
        made = initialise_keys(
            database, file_source(kek), algorithms=algorithms, actor="test", now=0.0, entropy=secrets.token_bytes
        )
        with database.reading() as connection:
            by_kid = {key.kid: key for key in read_ring(connection).records}
        database.engine.dispose()
        return StockedRing(kek.read_bytes(), tuple(by_kid[kid] for kid in made.created))
