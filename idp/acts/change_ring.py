"""Write one change of the key ring: keys that move on, keys that are new, and the event that says so. All or nothing.

Every act on keys ends here, so that none can forget the ring's epoch (of several at once one is written, the others
decide anew), the delay by which every node has read a change before it holds, or the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, add_keys, advance_ring, move_key
from keys.records import KeyRecord
from keys.rotation import ACTIVATION_DELAY
from keys.states import KeyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be written. `moves` go in their order: a key that stops being active comes before its follower."""

    type: EventType
    moves: Sequence[tuple[KeyRecord, KeyState]] = ()
    added: Sequence[KeyRecord] = ()
    delay: float = ACTIVATION_DELAY


@dataclass(frozen=True, slots=True)
class Written:
    """A change that was written: the ring's new epoch, when that was, and from which instant on the moves hold."""

    epoch: int
    at: float
    effective_at: float


def write_change(
    database: Database,
    stored: StoredRing,
    change: Change,
    *,
    details: Callable[[Written], Mapping[str, Any]],
    actor: str,
    clock: Clock,
    entropy: Entropy,
    also: Callable[[Connection, Written], None] | None = None,
) -> Written:
    """Write the change that was decided on `stored`, in one transaction; `also` writes what belongs to it.

    Raises:
        RingMoved: somebody else changed the ring first: decide anew.
        ForbiddenTransition: one of the moves is none.
    """
    with database.writing() as connection:
        epoch = advance_ring(connection, seen=stored.epoch)
        now = clock()  # From here on nobody else is waited for.
        written = Written(epoch, now, now + change.delay)
        for key, state in change.moves:
            move_key(connection, key, key.moved(state, at=written.effective_at, epoch=epoch))
        add_keys(connection, change.added)
        if also is not None:
            also(connection, written)
        event = Event(type=change.type, at=now, actor=actor, details=details(written))
        record(connection, event, entropy=entropy)
    return written
