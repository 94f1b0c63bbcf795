"""Rotate a signing key: the staged one becomes active, the active one retires, a new one is staged. All or nothing.

The change holds three seconds after it was written, when every process has read it; until then the old key signs. Of
several rotations at once one is carried out and all report it. A staged key that can't sign is found out before
anything changes, so the old key goes on.
"""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, add_keys, advance_ring, move_key, on_current_ring
from keys.algorithms import algorithm as algorithm_named
from keys.canary import check_canary
from keys.kek import Kek
from keys.new_records import new_signing_key
from keys.records import KeyRecord
from keys.ring import prove
from keys.rotation import ACTIVATION_DELAY, RotationPlan, keys_of, plan_rotation, rotation_under_way
from keys.states import KeyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A rotation, as kids. `effective_at` is when `activated` starts to sign and `retired` (if any) stops.

    `staged` is the key made for the next time; it is None, and `by_another` true, when somebody else carried this out.
    """

    algorithm: str
    activated: str
    retired: str | None
    staged: str | None
    effective_at: float
    epoch: int
    by_another: bool


def rotate_key(database: Database, kek: Kek, *, algorithm: str, actor: str, clock: Clock, entropy: Entropy) -> Rotation:
    """Rotate the key that signs with an algorithm.

    Takes a clock and not an instant: making a key and waiting for one's turn to write may take seconds, and the delay
    until the change holds counts from the moment of writing.

    Raises:
        NothingStaged: no key waits to become active.
        WrongKek: this is not the key-encryption key that wrapped the ring.
        KeyDamaged: the staged key does not open or does not sign; nothing was changed.
        SecretMissing: there is no key ring yet.
        UnsupportedAlgorithm: we don't sign with that.
        RingMoved: others kept changing the ring.
    """
    algorithm_named(algorithm)

    def rotate(stored: StoredRing) -> Rotation:
        now = clock()
        check_canary(stored.records, kek)
        keys = keys_of(stored.records, algorithm=algorithm)
        under_way = rotation_under_way(keys, now)
        if under_way is not None:
            return _rotation(under_way, staged=None, effective_at=under_way.activate.effective_at, epoch=stored.epoch)
        plan = plan_rotation(keys, algorithm=algorithm)
        prove(plan.activate, kek)
        epoch = stored.epoch + 1
        staged = new_signing_key(algorithm, state=KeyState.STAGED, kek=kek, epoch=epoch, now=now, entropy=entropy)
        return _write(database, stored, plan, staged=staged, actor=actor, clock=clock, entropy=entropy)

    return on_current_ring(database, rotate)


def _write(
    database: Database,
    stored: StoredRing,
    plan: RotationPlan,
    *,
    staged: KeyRecord,
    actor: str,
    clock: Clock,
    entropy: Entropy,
) -> Rotation:
    with database.writing() as connection:
        epoch = advance_ring(connection, seen=stored.epoch)
        now = clock()  # From here on nobody else is waited for.
        rotation = _rotation(plan, staged=staged, effective_at=now + ACTIVATION_DELAY, epoch=epoch)
        if plan.retire is not None:  # First, since the database lets one key per algorithm be active.
            _move(connection, plan.retire, KeyState.RETIRING, rotation)
        _move(connection, plan.activate, KeyState.ACTIVE, rotation)
        add_keys(connection, [staged])
        event = Event(type=EventType.KEYS_ROTATED, at=now, actor=actor, details=asdict(rotation))
        record(connection, event, entropy=entropy)
    return rotation


def _move(connection: Connection, key: KeyRecord, state: KeyState, rotation: Rotation) -> None:
    move_key(connection, key, key.moved(state, at=rotation.effective_at, epoch=rotation.epoch))


def _rotation(plan: RotationPlan, *, staged: KeyRecord | None, effective_at: float, epoch: int) -> Rotation:
    return Rotation(
        algorithm=plan.activate.algorithm,
        activated=plan.activate.kid,
        retired=None if plan.retire is None else plan.retire.kid,
        staged=None if staged is None else staged.kid,
        effective_at=effective_at,
        epoch=epoch,
        by_another=staged is None,
    )
