"""Let a staged key sign although apps are known not to have fetched it: an act of two people.

What is written is the decision; the rotation follows by itself when it is due, or by `idp keys rotate`.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.pick_up import EVERYBODY, note_pick_up
from idp.storage.handles import Entropy
from idp.storage.key_rows import read_ring
from keys.errors import NothingStaged
from keys.states import KeyState


def override_pick_up(connection: Connection, *, kid: str, actor: str, entropy: Entropy, now: float) -> None:
    """Wait for nobody who has not fetched this key.

    Raises:
        NothingStaged: no staged key has this kid.
    """
    staged = [key for key in read_ring(connection).records if key.state is KeyState.STAGED]
    if not any(key.kid == kid for key in staged):
        raise NothingStaged(f"no staged key has the kid {kid}")
    note_pick_up(connection, client_id=EVERYBODY, kids=[kid], now=now)
    event = Event(type=EventType.KEYS_PICK_UP_OVERRIDDEN, at=now, actor=actor, details={"kid": kid})
    record(connection, event, entropy=entropy)
