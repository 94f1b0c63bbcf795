"""What is due when, from the rows alone."""

from __future__ import annotations

from dataclasses import replace

from keys.kek import FileKek
from keys.records import KeyRecord
from keys.schedule import Step, StepKind, due, planned
from keys.states import KeyState
from keys.timetable import DAY, Timetable
from tests.unit.keys.conftest import NOW, staged

TIMETABLE = Timetable()


def ring_of(active: KeyRecord, kek: FileKek, *, staged_at: float = NOW) -> list[KeyRecord]:
    """An active key since NOW, a staged one, and one that stands by."""
    waiting = staged("ES256", kek, now=staged_at)
    return [active, waiting, replace(staged("ES256", kek), state=KeyState.STANDBY)]


def test_nothing_is_due_in_the_first_ninety_days(active_keys: dict[str, KeyRecord], kek: FileKek) -> None:
    """And then the rotation is, to the key that was staged."""
    ring = ring_of(active_keys["ES256"], kek)
    assert () == due(ring, TIMETABLE, algorithms=["ES256"], now=NOW + 90 * DAY - 1)
    (step,) = due(ring, TIMETABLE, algorithms=["ES256"], now=NOW + 90 * DAY)
    assert Step(StepKind.ROTATE, "ES256", NOW + 90 * DAY, ring[1].kid) == step


def test_a_key_staged_late_signs_late(active_keys: dict[str, KeyRecord], kek: FileKek) -> None:
    """Fourteen days in the JWKS come first, however old the active key is."""
    ring = ring_of(active_keys["ES256"], kek, staged_at=NOW + 89 * DAY)
    assert () == due(ring, TIMETABLE, algorithms=["ES256"], now=NOW + 103 * DAY - 1)
    assert [StepKind.ROTATE] == [step.kind for step in due(ring, TIMETABLE, algorithms=["ES256"], now=NOW + 103 * DAY)]


def test_what_is_missing_is_made(active_keys: dict[str, KeyRecord]) -> None:
    """The next in line, and the one for emergencies; but nothing for an algorithm that was never begun."""
    steps = due([active_keys["ES256"]], TIMETABLE, algorithms=["ES256", "RS256"], now=NOW)
    assert [(StepKind.STAGE, "ES256"), (StepKind.STAND_BY, "ES256")] == [(step.kind, step.algorithm) for step in steps]


def test_a_key_that_signs_no_more_leaves_after_its_retention(active_keys: dict[str, KeyRecord]) -> None:
    """Also when its algorithm was taken out of service since."""
    retiring = active_keys["PS256"].moved(KeyState.RETIRING, at=NOW + 5, epoch=2)
    assert () == due([retiring], TIMETABLE, algorithms=[], now=NOW + 5 + 14 * DAY - 1)
    assert (Step(StepKind.REMOVE, "PS256", NOW + 5 + 14 * DAY, retiring.kid),) == due(
        [retiring], TIMETABLE, algorithms=[], now=NOW + 5 + 14 * DAY
    )


def test_while_a_rotation_is_written_and_does_not_hold_no_other_is_planned(
    active_keys: dict[str, KeyRecord], kek: FileKek
) -> None:
    """Three seconds in which two turns must not make two rotations."""
    old, waiting, standby = ring_of(active_keys["ES256"], kek, staged_at=NOW - 200 * DAY)
    at = NOW + 90 * DAY
    ring = [
        old.moved(KeyState.RETIRING, at=at + 3, epoch=2),
        waiting.moved(KeyState.ACTIVE, at=at + 3, epoch=2),
        staged("ES256", kek, now=NOW - 100 * DAY),
        standby,
    ]
    assert [] == [
        step for step in planned(ring, TIMETABLE, algorithms=["ES256"], now=at) if step.kind is StepKind.ROTATE
    ]


def test_what_is_planned_is_told_in_its_order(active_keys: dict[str, KeyRecord], kek: FileKek) -> None:
    """For the list of keys: what comes next, and when."""
    ring = [*ring_of(active_keys["ES256"], kek), active_keys["PS256"].moved(KeyState.RETIRING, at=NOW, epoch=2)]
    assert [(StepKind.REMOVE, NOW + 14 * DAY), (StepKind.ROTATE, NOW + 90 * DAY)] == [
        (step.kind, step.due_at) for step in planned(ring, TIMETABLE, algorithms=["ES256"], now=NOW)
    ]
