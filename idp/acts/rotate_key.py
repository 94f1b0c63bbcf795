"""Rotate a signing key: the staged one becomes active, the active one retires, a new one is staged. All or nothing.

The change holds three seconds after it was written, when every process has read it; until then the old key signs. Of
several rotations at once one is carried out and all report it. A staged key that can't sign is found out before
anything changes, so the old key goes on.
"""

from dataclasses import asdict, dataclass

from idp.acts.change_ring import Change, Written, write_change
from idp.audit.events import EventType
from idp.issuance.pick_up import PickUp
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, on_current_ring
from keys.algorithms import algorithm as algorithm_named
from keys.canary import check_canary
from keys.kek import Kek
from keys.new_records import new_signing_key
from keys.records import KeyRecord
from keys.ring import prove
from keys.rotation import RotationPlan, keys_of, plan_rotation, rotation_under_way
from keys.states import KeyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A rotation, as kids. `effective_at` is when `activated` starts to sign and `retired` (if any) stops.

    `staged` is the key made for the next time, None where another one waits already; `by_another` says that somebody
    else carried this out.
    """

    algorithm: str
    activated: str
    retired: str | None
    staged: str | None
    effective_at: float
    epoch: int
    by_another: bool = False


def rotate_key(
    database: Database,
    kek: Kek,
    *,
    algorithm: str,
    pick_up: PickUp,
    actor: str,
    clock: Clock,
    entropy: Entropy,
    kid: str | None = None,
) -> Rotation:
    """Rotate the key that signs with an algorithm, to the key staged longest or to the one named.

    Takes a clock and not an instant: making a key and waiting for one's turn to write may take seconds, and the delay
    until the change holds counts from the moment of writing.

    Raises:
        NothingStaged: no key waits to become active, or the one named does not.
        NotPickedUp: there are apps that can't verify it yet, as far as `pick_up` knows.
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
            effective_at = under_way.activate.effective_at
            return _rotation(under_way, None, epoch=stored.epoch, effective_at=effective_at, by_another=True)
        plan = plan_rotation(keys, algorithm=algorithm, kid=kid)
        if plan.retire is not None:  # Where nothing signs, nobody is served by waiting.
            with database.reading() as connection:
                pick_up.require(connection, plan.activate, now)
        prove(plan.activate, kek)
        staged = None
        if not any(key.state is KeyState.STAGED and key is not plan.activate for key in keys):
            epoch = stored.epoch + 1
            staged = new_signing_key(algorithm, state=KeyState.STAGED, kek=kek, epoch=epoch, now=now, entropy=entropy)
        return _write(database, stored, plan, staged, actor=actor, clock=clock, entropy=entropy)

    return on_current_ring(database, rotate)


def _write(
    database: Database,
    stored: StoredRing,
    plan: RotationPlan,
    staged: KeyRecord | None,
    *,
    actor: str,
    clock: Clock,
    entropy: Entropy,
) -> Rotation:
    def rotation(written: Written) -> Rotation:
        return _rotation(plan, staged, epoch=written.epoch, effective_at=written.effective_at)

    # The one that stops comes first, since the database lets one key per algorithm be active.
    retired = [] if plan.retire is None else [(plan.retire, KeyState.RETIRING)]
    change = Change(
        type=EventType.KEYS_ROTATED,
        moves=[*retired, (plan.activate, KeyState.ACTIVE)],
        added=[] if staged is None else [staged],
    )
    written = write_change(
        database,
        stored,
        change,
        details=lambda written: asdict(rotation(written)),
        actor=actor,
        clock=clock,
        entropy=entropy,
    )
    return rotation(written)


def _rotation(
    plan: RotationPlan, staged: KeyRecord | None, *, epoch: int, effective_at: float, by_another: bool = False
) -> Rotation:
    return Rotation(
        algorithm=plan.activate.algorithm,
        activated=plan.activate.kid,
        retired=None if plan.retire is None else plan.retire.kid,
        staged=None if staged is None else staged.kid,
        effective_at=effective_at,
        epoch=epoch,
        by_another=by_another,
    )
