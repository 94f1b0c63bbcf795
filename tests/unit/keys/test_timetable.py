"""Timetables: which are safe."""

import pytest

from keys.timetable import DAY, Timetable, timetable_faults


def test_the_default_is_safe() -> None:
    """Ninety days, of which fourteen published ahead, and fourteen published after."""
    assert [] == list(timetable_faults(Timetable()))


@pytest.mark.parametrize(
    ("timetable", "setting"),
    [
        (Timetable(staging=13.9 * DAY), "staging_days"),
        (Timetable(jwks_max_age=8 * DAY, retention=30 * DAY), "staging_days"),
        (Timetable(retention=959), "retention_days"),
        (Timetable(longest_token=15 * DAY), "retention_days"),
        (Timetable(jwks_max_age=DAY * 7, retention=DAY * 7), "retention_days"),
        (Timetable(rotation=14 * DAY), "rotation_days"),
    ],
)
def test_one_that_would_break_an_app_is_named(timetable: Timetable, setting: str) -> None:
    """Signing before apps can have fetched the key; leaving while its tokens live (K04, Vault issue 11441)."""
    assert [setting] == [fault.partition(":")[0] for fault in timetable_faults(timetable)]


def test_the_edges_are_allowed() -> None:
    """Exactly fourteen days, exactly token life and cache and skew."""
    assert [] == list(timetable_faults(Timetable(staging=14 * DAY, retention=300 + 600 + 60)))
