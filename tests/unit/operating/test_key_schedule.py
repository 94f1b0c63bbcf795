"""The housekeeper's turn at the keys, under clocks that jump."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from idp.operating.key_schedule import KeySchedule
from idp.storage.key_rows import read_ring
from keys.timetable import DAY
from tests.support.clock import SettableClock
from tests.support.in_process import issuer_on


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer whose clock the test sets."""
    with issuer_on(sqlite_url, tmp_path, clock=clock) as running:
        yield running


class Machine:
    """A wall clock and a stopwatch that go alike, until somebody sets the clock."""

    def __init__(self, clock: SettableClock) -> None:
        self.clock = clock
        self.watched = 1000.0

    def pass_(self, seconds: float) -> None:
        """Let time pass on both."""
        self.clock.advance(seconds)
        self.watched += seconds


def rotations(service: Service) -> int:
    """How often keys have been rotated, over all algorithms."""
    with service.database.reading() as connection:
        return sum(key.retired_at is not None for key in read_ring(connection).records)


def test_what_is_due_is_done_within_a_minute(service: Service, clock: SettableClock) -> None:
    """Ninety days that really passed rotate every algorithm once."""
    machine = Machine(clock)
    schedule = KeySchedule(service, stopwatch=lambda: machine.watched)
    schedule.turn()
    machine.pass_(90 * DAY)
    schedule.turn()
    assert len(service.settings.signing_algs) == rotations(service)
    machine.pass_(30)
    schedule.turn()
    assert len(service.settings.signing_algs) == rotations(service)


def test_a_clock_that_jumps_ahead_and_back_has_rotated_nothing(
    service: Service, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A hundred days ahead at once, and back within the hour (F14)."""
    machine = Machine(clock)
    schedule = KeySchedule(service, stopwatch=lambda: machine.watched)
    schedule.turn()
    clock.advance(100 * DAY)
    with caplog.at_level("WARNING", logger="idp.keys"):
        for _ in range(50):
            machine.pass_(61)
            schedule.turn()
    assert 0 == rotations(service)
    assert "the key schedule waits an hour" in caplog.text
    clock.advance(-100 * DAY)
    for _ in range(50):
        machine.pass_(61)
        schedule.turn()
    assert 0 == rotations(service)


def test_a_clock_that_was_set_right_is_believed_after_an_hour(service: Service, clock: SettableClock) -> None:
    """An operator's correction delays the schedule, and no more."""
    machine = Machine(clock)
    schedule = KeySchedule(service, stopwatch=lambda: machine.watched)
    clock.advance(100 * DAY)
    schedule.turn()
    machine.pass_(3601)
    schedule.turn()
    assert len(service.settings.signing_algs) == rotations(service)
