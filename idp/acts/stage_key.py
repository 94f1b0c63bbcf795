"""Make a further signing key: staged, to be the next in line, or standby, for the worst night. It is published at once.

One of each is enough, so what is there already is reported and none is made beside it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from idp.acts.change_ring import Change, write_change
from idp.audit.events import EventType
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, on_current_ring
from keys.algorithms import algorithm as algorithm_named
from keys.canary import check_canary
from keys.kek import Kek
from keys.new_records import new_signing_key
from keys.rotation import keys_of
from keys.states import KeyState, Waiting


@dataclass(frozen=True, slots=True)
class StagedKey:
    """The key that waits in this state; `made` unless it was there already."""

    algorithm: str
    kid: str
    state: str
    made: bool


def stage_key(
    database: Database,
    kek: Kek,
    *,
    algorithm: str,
    actor: str,
    clock: Clock,
    entropy: Entropy,
    state: Waiting = KeyState.STAGED,
) -> StagedKey:
    """Make a key of this algorithm in this state, if there is none.

    Raises:
        WrongKek: this is not the key-encryption key that wrapped the ring.
        SecretMissing: there is no key ring yet.
        UnsupportedAlgorithm: we don't sign with that.
        RingMoved: others kept changing the ring.
    """
    algorithm_named(algorithm)

    def stage(stored: StoredRing) -> StagedKey:
        check_canary(stored.records, kek)
        there = next((key for key in keys_of(stored.records, algorithm=algorithm) if key.state is state), None)
        if there is not None:
            return StagedKey(algorithm, there.kid, state.value, made=False)
        key = new_signing_key(algorithm, state=state, kek=kek, epoch=stored.epoch + 1, now=clock(), entropy=entropy)
        made = StagedKey(algorithm, key.kid, state.value, made=True)
        change = Change(type=EventType.KEYS_CREATED, added=[key])
        write_change(
            database,
            stored,
            change,
            details=lambda _: {"kids": [key.kid], **asdict(made)},
            actor=actor,
            clock=clock,
            entropy=entropy,
        )
        return made

    return on_current_ring(database, stage)
