"""Reading and changing the key ring in SQL; what the rows mean is decided in `keys`.

Invariant: a change is written only on the ring that it was decided on. Every change moves the ring's epoch on by
compare-and-swap and each row by its state, so of several processes that decide at once one writes and the others learn
that the ring has moved. All processes are told through the revision "keys".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, insert, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from idp.storage.database import Database
from idp.storage.handles import Entropy
from idp.storage.key_models import RING_ID, KeyRingRow, KeyRow
from idp.storage.revisions import bump
from keys.kek import Kek
from keys.records import KeyRecord
from keys.ring import KeyRing
from keys.secrets import ServiceSecrets
from keys.states import KeyState

_ATTEMPTS = 8
_COLUMNS = tuple(field.name for field in fields(KeyRecord))
_KEYS = KeyRow.__table__
_RING = KeyRingRow.__table__
_Outcome = TypeVar("_Outcome")


class RingMoved(Exception):
    """Somebody else changed the key ring first: read it again and decide anew."""


@dataclass(frozen=True, slots=True)
class StoredRing:
    """Every row of the key ring and the epoch they were read at."""

    records: tuple[KeyRecord, ...]
    epoch: int


def read_ring(connection: Connection) -> StoredRing:
    """Read all rows and the epoch in one statement, so that they belong together; epoch 0 is a ring not yet made."""
    epoch = _RING.c.epoch.label("ring_epoch")
    joined = _RING.outerjoin(_KEYS, true())
    rows = connection.execute(select(epoch, _KEYS).select_from(joined).order_by(_KEYS.c.kid)).mappings().all()
    records = tuple(_record(row) for row in rows if row[_KEYS.c.kid] is not None)
    return StoredRing(records, rows[0]["ring_epoch"] if rows else 0)


def on_current_ring(database: Database, change: Callable[[StoredRing], _Outcome]) -> _Outcome:
    """Have a change decided and written on the ring as it is; when another was quicker, decided anew on the new one.

    `change` is called outside any transaction (making a key takes its time) and opens its own.

    Raises:
        RingMoved: others were quicker every time.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return change(_stored(database))
        except RingMoved:
            continue
    return change(_stored(database))


def load_ring(connection: Connection, kek: Kek) -> KeyRing:
    """Read and decode the signing keys.

    Raises:
        KeyDamaged: there are keys, and not one of them opens.
    """
    stored = read_ring(connection)
    return KeyRing.open(stored.records, kek, epoch=stored.epoch)


def load_secrets(connection: Connection, kek: Kek, *, entropy: Entropy) -> ServiceSecrets:
    """Read and open the secrets of the service.

    Raises:
        SecretMissing: the key ring was never made, or a row is gone.
        WrongKek: another key-encryption key wrapped it.
        KeyDamaged: a row does not open.
    """
    return ServiceSecrets.open(read_ring(connection).records, kek, entropy=entropy)


def advance_ring(connection: Connection, *, seen: int, to: int | None = None) -> int:
    """Move the ring on from the epoch that was seen, return the new one, and tell all processes. Comes first.

    The new one follows what was seen, unless a later one is named.

    Raises:
        RingMoved: it is no longer at that epoch.
    """
    if seen == 0:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(KeyRingRow).values(id=RING_ID, epoch=0).on_conflict_do_nothing())
    moved = (
        update(KeyRingRow)
        .where(KeyRingRow.id == RING_ID, KeyRingRow.epoch == seen)
        .values(epoch=seen + 1 if to is None else to)
        .returning(KeyRingRow.epoch)
    )
    epoch = connection.execute(moved).scalar_one_or_none()
    if epoch is None:
        raise RingMoved(f"the key ring is no longer at epoch {seen}")
    bump(connection, "keys")
    return epoch


def add_keys(connection: Connection, records: Iterable[KeyRecord]) -> None:
    """Write new rows."""
    rows = [_values(record) for record in records]
    if rows:
        connection.execute(insert(KeyRow), rows)


def move_key(connection: Connection, before: KeyRecord, after: KeyRecord) -> None:
    """Write a key's next state over the one that was read.

    Raises:
        RingMoved: the row is not what was read.
    """
    changed = (
        update(KeyRow)
        .where(KeyRow.kid == before.kid, KeyRow.state == before.state.value, KeyRow.epoch == before.epoch)
        .values(_values(after))
        .returning(KeyRow.kid)
    )
    if connection.execute(changed).scalar_one_or_none() is None:
        raise RingMoved(f"key {before.kid} is no longer {before.state}")


def forget_private(connection: Connection, key: KeyRecord) -> None:
    """Write a key's row without its private part.

    Raises:
        RingMoved: the row is not what was read.
    """
    unchanged = (KeyRow.kid == key.kid, KeyRow.state == key.state.value, KeyRow.epoch == key.epoch)
    forgotten = update(KeyRow).where(*unchanged).values(wrapped=None).returning(KeyRow.kid)
    if connection.execute(forgotten).scalar_one_or_none() is None:
        raise RingMoved


def _stored(database: Database) -> StoredRing:
    with database.reading() as connection:
        return read_ring(connection)


def _record(row: RowMapping) -> KeyRecord:
    values: dict[str, Any] = {name: row[_KEYS.c[name]] for name in _COLUMNS}
    return KeyRecord(**(values | {"state": KeyState(values["state"]), "tried_for": tuple(values["tried_for"])}))


def _values(record: KeyRecord) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in _COLUMNS}
    documents = {"public_jwk": dict(record.public_jwk), "canaries": dict(record.canaries)}
    return values | {"state": record.state.value, "tried_for": list(record.tried_for), **documents}
