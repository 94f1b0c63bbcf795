"""What is due in the life of the keys, decided from the rows and an instant alone.

Invariant: every step is one that a person could also have asked for, and doing it twice is refused by the ring's epoch;
so any number of nodes may work by the schedule, stop anywhere and be followed by another one. The standby key is left
out of the order: it is made when it is missing, and only a compromise uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from keys.records import KeyRecord
from keys.rotation import keys_of, rotation_under_way
from keys.states import KeyState
from keys.timetable import Timetable


class StepKind(StrEnum):
    """What can be due."""

    STAGE = "stage"
    STAND_BY = "stand_by"
    ROTATE = "rotate"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """What is due for an algorithm, and from which instant on; `kid` names the key, where it is about one."""

    kind: StepKind
    algorithm: str
    due_at: float
    kid: str | None = None


def planned(
    records: Iterable[KeyRecord], timetable: Timetable, *, algorithms: Sequence[str], now: float
) -> tuple[Step, ...]:
    """Give every step that follows from the rows as they are, the earliest first; those up to `now` are due.

    Algorithms that nothing has ever signed with are left to `idp keys init`: a key that signs is a person's decision.
    """
    rows = tuple(records)
    steps = [step for name in algorithms for step in _of_algorithm(keys_of(rows, algorithm=name), name, timetable, now)]
    retiring = (key for key in rows if key.public_jwk and key.state is KeyState.RETIRING and key.retired_at is not None)
    steps += [
        Step(StepKind.REMOVE, key.algorithm, (key.retired_at or 0.0) + timetable.retention, key.kid) for key in retiring
    ]
    return tuple(sorted(steps, key=lambda step: (step.due_at, step.kind, step.algorithm)))


def due(
    records: Iterable[KeyRecord], timetable: Timetable, *, algorithms: Sequence[str], now: float
) -> tuple[Step, ...]:
    """Give the steps whose time has come."""
    return tuple(step for step in planned(records, timetable, algorithms=algorithms, now=now) if step.due_at <= now)


def _of_algorithm(keys: Sequence[KeyRecord], name: str, timetable: Timetable, now: float) -> Iterator[Step]:
    by_state = {key.state: key for key in sorted(keys, key=lambda key: key.staged_at or 0.0, reverse=True)}
    if not keys:
        return
    if KeyState.STAGED not in by_state:
        yield Step(StepKind.STAGE, name, now)
    if KeyState.STANDBY not in by_state:
        yield Step(StepKind.STAND_BY, name, now)
    active, staged = by_state.get(KeyState.ACTIVE), by_state.get(KeyState.STAGED)
    if active is None or staged is None or rotation_under_way(keys, now) is not None:
        return
    due_at = max((active.activated_at or 0.0) + timetable.rotation, (staged.staged_at or 0.0) + timetable.staging)
    yield Step(StepKind.ROTATE, name, due_at, staged.kid)
