"""Which key follows which, decided from the rows alone.

The staged key that has been published longest becomes active, and the key that signs goes on until that instant. While
a change is written but does not hold yet, no other is planned: two rotations at once are one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from keys.errors import NothingStaged
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.states import KeyState

ACTIVATION_DELAY = 3.0
"""Seconds between writing a change and its holding: longer than any process may go on with an old view."""


@dataclass(frozen=True, slots=True)
class RotationPlan:
    """What becomes active, and what it relieves; `retire` is None where nothing signed."""

    activate: KeyRecord
    retire: KeyRecord | None


def keys_of(records: Iterable[KeyRecord], *, algorithm: str, purpose: str = Purpose.TOKENS) -> tuple[KeyRecord, ...]:
    """Pick the keys of one algorithm and purpose."""
    return tuple(record for record in records if record.algorithm == algorithm and record.purpose == purpose)


def rotation_under_way(records: Iterable[KeyRecord], now: float) -> RotationPlan | None:
    """Return the rotation that is written and does not hold yet, from the keys of one algorithm and purpose."""
    keys = tuple(records)
    activated = _only(keys, KeyState.ACTIVE)
    if activated is None or activated.activated_at is None or activated.activated_at <= now:
        return None
    retiring = (key for key in keys if key.state is KeyState.RETIRING and key.retired_at == activated.activated_at)
    return RotationPlan(activated, next(retiring, None))


def plan_rotation(records: Iterable[KeyRecord], *, algorithm: str, kid: str | None = None) -> RotationPlan:
    """Choose from the keys of one algorithm and purpose: the one named, or the one that has been staged longest.

    Raises:
        NothingStaged: no key waits to become active, or the one named does not.
    """
    keys = tuple(records)
    staged = [key for key in keys if key.state is KeyState.STAGED and kid in {None, key.kid}]
    if not staged and kid is not None:
        raise NothingStaged(f"no key of {algorithm} with the kid {kid} is staged")
    if not staged:
        raise NothingStaged(f"no staged key for {algorithm}: `idp keys init` makes one")
    return RotationPlan(min(staged, key=lambda key: key.staged_at or 0.0), _only(keys, KeyState.ACTIVE))


def _only(keys: Iterable[KeyRecord], state: KeyState) -> KeyRecord | None:
    return next((key for key in keys if key.state is state), None)
