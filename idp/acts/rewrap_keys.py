"""Take every key and secret over to the present key-encryption key, in batches: the previous one can then be destroyed.

Each batch is one change of the ring, with its row in the audit trail. A stop anywhere leaves each row under one of the
two, and both open; the next run goes on with what is left. The canary goes last: until then a start with the previous
key-encryption key alone is told apart from one with a wrong one, and afterwards it is a wrong one. Only data keys are
wrapped anew, so no secret changes; a row that does not open stops the run before anything of its batch is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from idp.acts.change_ring import Change, Written, write_change
from idp.audit.events import EventType
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, move_key, on_current_ring
from keys.canary import check_canary
from keys.kek import Kek
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.wrapping import rewrap

BATCH = 50


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How far it is: so many rows of this batch, and so many still under another key-encryption key."""

    rows: int
    left: int


def rewrap_keys(
    database: Database, kek: Kek, *, actor: str, clock: Clock, entropy: Entropy, at_most: int = BATCH
) -> Iterator[Rewrapped]:
    """Take batch after batch over, until nothing is left; each is written when it is given.

    Raises:
        WrongKek: a row was wrapped by neither the present nor the previous key-encryption key.
        KeyDamaged: a row does not open; restore it before the previous key-encryption key is given up.
        SecretMissing: there is no key ring yet.
        RingMoved: others kept changing the ring; run it again.
    """

    def take_over(stored: StoredRing) -> Rewrapped:
        check_canary(stored.records, kek)
        waiting = sorted(_waiting(stored.records, kek), key=lambda key: (key.purpose == Purpose.CANARY, key.kid))
        batch = [(key, rewrap(key, kek)) for key in waiting[:at_most]]
        done = Rewrapped(len(batch), len(waiting) - len(batch))

        def write(connection: Connection, written: Written) -> None:
            for key, wrapped in batch:
                move_key(connection, key, replace(key, wrapped=wrapped, kek_id=kek.kek_id, epoch=written.epoch))

        if batch:
            write_change(
                database,
                stored,
                Change(type=EventType.KEYS_REWRAPPED),
                details=lambda _: {"kek": kek.kek_id, "rows": done.rows, "left": done.left},
                actor=actor,
                clock=clock,
                entropy=entropy,
                also=write,
            )
        return done

    while (done := on_current_ring(database, take_over)).rows:
        yield done


def _waiting(records: Sequence[KeyRecord], kek: Kek) -> Iterator[KeyRecord]:
    return (key for key in records if key.wrapped is not None and key.kek_id != kek.kek_id)
