"""When a message is tried again, and when not any more: pure rules, durations in seconds.

Each wait is twice the one before, up to half an hour, and a quarter longer or shorter by chance, so that messages which
failed together do not come back together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FIRST_WAIT = 15.0
LONGEST_WAIT = 1800.0
LEASE = 180.0
"""How long one worker has a message for itself; longer than any try may last."""

MOST_FAULTS = 5
"""How often a message may fail by itself, while others are delivered, before it is parked."""

MOST_DOUBTS = 1
"""How often a message is sent again of which nobody knows whether it arrived: at most one double."""


class Outcome(StrEnum):
    """How a try ended without success."""

    UNREACHABLE = "unreachable"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    DOUBTFUL = "doubtful"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What is known of a message's tries: how many, how many of them in doubt or our own fault, and its last moment."""

    attempts: int
    doubts: int
    faults: int
    give_up_at: float


def wait_before(attempts: int, chance: float) -> float:
    """Give the seconds before the next try; `chance` is drawn evenly from 0 to 1."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(max(attempts, 1) - 1, 20))
    return wait * (0.75 + chance / 2)


def next_try(outcome: Outcome, tries: Tries, *, chance: float, now: float) -> float | None:
    """Give the instant of the next try, or None when the message is to be parked.

    `tries` counts the one that has just ended.
    """
    poisonous = tries.doubts > MOST_DOUBTS or tries.faults >= MOST_FAULTS
    if outcome is Outcome.REJECTED or poisonous:
        return None
    instant = now + wait_before(tries.attempts, chance)
    return None if instant > tries.give_up_at else instant
