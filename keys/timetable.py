"""How long a key stays in each part of its life, and which timetables are refused.

Every span is in seconds. A timetable that could break a relying party is refused at start, not found out at the next
rotation: a key that signs before apps can have fetched it, or that leaves the JWKS while a token of it lives (the fault
of Vault issue 11441: tokens that outlive their key).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from keys.jwks import MAX_AGE_SECONDS

DAY = 86_400.0
LEAST_STAGING_SECONDS = 14 * DAY
SKEW_SECONDS = 60.0
"""By how much the clock of whoever verifies may be behind ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The spans of a key's life.

    `rotation`: how long a key signs before the next one does by itself. `staging`: how long a key is published before
    it may sign by itself. `retention`: how long it stays published after it signed last. `longest_token`: the longest
    life of anything signed. `jwks_max_age`: how long others may keep the JWKS without asking again.
    """

    rotation: float = 90 * DAY
    staging: float = LEAST_STAGING_SECONDS
    retention: float = 14 * DAY
    longest_token: float = 300.0
    jwks_max_age: float = MAX_AGE_SECONDS

    @property
    def least_staging(self) -> float:
        """The shortest staging that lets every app with an honest cache fetch a key before it signs."""
        return max(LEAST_STAGING_SECONDS, 2 * self.jwks_max_age)

    @property
    def least_retention(self) -> float:
        """The shortest retention that lets every token be verified until it ends, from any honest cache."""
        return self.longest_token + self.jwks_max_age + SKEW_SECONDS


def timetable_faults(timetable: Timetable) -> Iterator[str]:
    """Say in a sentence each what is wrong with a timetable; nothing for a good one."""
    if timetable.staging < timetable.least_staging:
        yield (
            f"staging_days: apps need {_days(timetable.least_staging)} to fetch a key before it signs by itself; "
            f"{_days(timetable.staging)} is too short"
        )
    if timetable.retention < timetable.least_retention:
        yield (
            f"retention_days: a key that signs no more must stay published for {timetable.least_retention:.0f} seconds "
            "(longest token life, JWKS cache and clock skew); "
            f"{timetable.retention:.0f} is too short"
        )
    if timetable.rotation <= timetable.staging:
        yield (
            f"rotation_days: must be longer than staging_days ({_days(timetable.staging)}), or no key would ever be "
            "published long enough to follow"
        )


def _days(seconds: float) -> str:
    return f"{seconds / DAY:g} days"
