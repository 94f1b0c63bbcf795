"""Take keys out of service in the ordinary way: retire one that signs, remove one that is published for nothing.

A key leaves the JWKS only when no token of it can be alive any more. Its row stays, public part and private: old ID
tokens serve as hints for years (OpenID Connect RP-Initiated Logout 1.0 §2), and destroying a private part is an act of
two people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass

from idp.acts.change_ring import Change, Written, write_change
from idp.audit.events import EventType
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, on_current_ring
from keys.errors import StillNeeded, UnknownKey
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.states import KeyState, require_transition
from keys.timetable import Timetable

_Check = Callable[[KeyRecord, float], None]


@dataclass(frozen=True, slots=True)
class MovedKey:
    """A key that was moved on: to which state, and from when on that holds."""

    kid: str
    algorithm: str
    state: str
    effective_at: float
    epoch: int


def retire_key(
    database: Database, *, kid: str, in_use: Collection[str], actor: str, clock: Clock, entropy: Entropy
) -> MovedKey:
    """Let an algorithm's active key sign no more, with nobody to follow it: the end of an algorithm.

    `in_use` names the clients whose tokens are signed with it.

    Raises:
        UnknownKey: no signing key has this kid.
        ForbiddenTransition: it is not active.
        StillNeeded: clients use the algorithm.
        RingMoved: others kept changing the ring.
    """

    def check(key: KeyRecord, _now: float) -> None:
        if in_use:
            raise StillNeeded(f"{key.algorithm} is what these clients get: {', '.join(sorted(in_use))}")

    return _move(database, kid, KeyState.RETIRING, check, actor=actor, clock=clock, entropy=entropy)


def remove_key(
    database: Database, timetable: Timetable, *, kid: str, actor: str, clock: Clock, entropy: Entropy
) -> MovedKey:
    """Take a key out of the JWKS that signs no more, or that never signed.

    Raises:
        UnknownKey: no signing key has this kid.
        ForbiddenTransition: it is active, or gone already.
        StillNeeded: tokens that it has signed may still be alive.
        RingMoved: others kept changing the ring.
    """

    def check(key: KeyRecord, now: float) -> None:
        until = 0.0 if key.retired_at is None else key.retired_at + timetable.least_retention
        if now < until:
            raise StillNeeded(f"tokens of {kid} may be alive for another {until - now:.0f} seconds")

    return _move(database, kid, KeyState.REMOVED, check, actor=actor, clock=clock, entropy=entropy)


def _move(
    database: Database, kid: str, state: KeyState, check: _Check, *, actor: str, clock: Clock, entropy: Entropy
) -> MovedKey:
    def move(stored: StoredRing) -> MovedKey:
        key = next((key for key in stored.records if key.kid == kid and key.purpose == Purpose.TOKENS), None)
        if key is None:
            raise UnknownKey(f"no signing key has the kid {kid}")
        require_transition(key.state, state)
        check(key, clock())

        def moved(written: Written) -> MovedKey:
            return MovedKey(kid, key.algorithm, state.value, written.effective_at, written.epoch)

        change = Change(type=EventType.KEYS_CHANGED, moves=[(key, state)])
        written = write_change(
            database,
            stored,
            change,
            details=lambda written: {"from": key.state.value, **asdict(moved(written))},
            actor=actor,
            clock=clock,
            entropy=entropy,
        )
        return moved(written)

    return on_current_ring(database, move)
