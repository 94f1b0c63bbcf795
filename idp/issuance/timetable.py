"""The timetable of the signing keys, from the operator's days and the lifetimes of what is signed."""

from __future__ import annotations

from idp.issuance.lifetimes import Lifetimes
from keys.timetable import DAY, Timetable, timetable_faults

__all__ = ["Timetable", "timetable_faults", "timetable_of"]


def timetable_of(*, rotation_days: float, staging_days: float, retention_days: float) -> Timetable:
    """Give the timetable; whether it is a safe one is `timetable_faults`' to say."""
    return Timetable(
        rotation=rotation_days * DAY,
        staging=staging_days * DAY,
        retention=retention_days * DAY,
        longest_token=Lifetimes().longest_token,
    )
