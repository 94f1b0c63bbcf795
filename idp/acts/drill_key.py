"""Rehearse a compromise: the same act, on a key that nobody has, and how long each node took to drop it.

The rehearsal key is published beside the others and signs nothing, so no app can depend on it; its private part is not
kept, so no thief can use it. Then it is compromised as a leaked one is: same transaction, same mark, same incident for
a second person to review, and apps that listen get an event of a drill's own type. What is measured is the mark on its
way: the key leaves a node's JWKS by the very step that has its tokens refused there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

from idp.acts.change_ring import Change, write_change
from idp.acts.compromise_key import Containment, compromise_key
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, on_current_ring
from keys.new_records import new_drill_key
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.rotation import keys_of
from keys.states import KeyState

PATIENCE_SECONDS = 10.0
"""How long a node is given to publish the key, and to drop it."""
BOUND_SECONDS = 1.0
"""Within which every node drops it, or the drill has failed."""
PAUSE_SECONDS = 0.02

Publishes = Callable[[str], bool]
"""Says whether a node publishes the key of this kid now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What a drill came to: for each node, after how many seconds it dropped the key.

    None: it never published the key, or had it still after ten seconds.
    """

    incident: str
    kid: str
    algorithm: str
    seconds: Mapping[str, float | None]

    @property
    def passed(self) -> bool:
        """Whether every node was as quick as it must be."""
        return all(taken is not None and taken <= BOUND_SECONDS for taken in self.seconds.values())


def drill_key(
    database: Database,
    nodes: Mapping[str, Publishes],
    *,
    algorithm: str,
    actor: str,
    clock: Clock,
    entropy: Entropy,
) -> Drill:
    """Rehearse a compromise and measure it; whatever a node does, the rehearsal key is out of service at the end.

    Raises:
        UnsupportedAlgorithm: we don't sign with it.
        RingMoved: others kept changing the ring.
    """
    kid = _publish(database, algorithm, actor=actor, clock=clock, entropy=entropy)
    showing = {name for name, publishes in nodes.items() if _taken(partial(publishes, kid)) is not None}
    done = compromise_key(database, None, kid=kid, reason="drill", actor=actor, clock=clock, entropy=entropy)
    begun = time.monotonic()
    seconds = {name: _dropped(nodes[name], kid, begun) if name in showing else None for name in nodes}
    drill = Drill(incident=done.incident.id, kid=kid, algorithm=algorithm, seconds=seconds)
    _note(database, drill, done, actor=actor, clock=clock, entropy=entropy)
    return drill


def _publish(database: Database, algorithm: str, *, actor: str, clock: Clock, entropy: Entropy) -> str:
    """Make the rehearsal key, or take the one that an interrupted drill has left."""

    def publish(stored: StoredRing) -> str:
        left = keys_of(stored.records, algorithm=algorithm, purpose=Purpose.DRILL)
        waiting = next((key for key in left if key.state is KeyState.STANDBY), None)
        return waiting.kid if waiting is not None else write(stored).kid

    def write(stored: StoredRing) -> KeyRecord:
        key = new_drill_key(algorithm, epoch=stored.epoch + 1, now=clock())
        details = {"kids": [key.kid], "algorithm": algorithm, "purpose": key.purpose}
        change = Change(type=EventType.KEYS_CREATED, added=[key])
        write_change(database, stored, change, details=lambda _: details, actor=actor, clock=clock, entropy=entropy)
        return key

    return on_current_ring(database, publish)


def _dropped(publishes: Publishes, kid: str, begun: float) -> float | None:
    return _taken(lambda: not publishes(kid), since=begun)


def _taken(holds: Callable[[], bool], since: float | None = None) -> float | None:
    """Give after how many seconds something holds; None if it does not in time."""
    begun = time.monotonic() if since is None else since
    while not holds():
        if time.monotonic() - begun > PATIENCE_SECONDS:
            return None
        time.sleep(PAUSE_SECONDS)
    return time.monotonic() - begun


def _note(database: Database, drill: Drill, done: Containment, *, actor: str, clock: Clock, entropy: Entropy) -> None:
    # The trail keeps flat lists: the nodes, and beside each its seconds, empty where it was not in time.
    taken = ["" if seconds is None else f"{seconds:.3f}" for seconds in drill.seconds.values()]
    measured = {"nodes": list(drill.seconds), "seconds": taken}
    details = {**asdict(drill), **measured, "opened_at": done.incident.opened_at}
    result = "ok" if drill.passed else "too_slow"
    event = Event(type=EventType.DRILL_ENDED, at=clock(), actor=actor, result=result, details=details)
    with database.writing() as connection:
        record(connection, event, entropy=entropy)
