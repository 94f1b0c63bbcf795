"""How far this process's clock is from the database's, and what may still be done by such a clock.

The database's clock counts, since all nodes share it. Invariant: nothing is signed that comes from the future, as
others see it; and nothing is written by a clock that would end, lock or expire what is alive.
"""

from __future__ import annotations

import logging
import math
from typing import NamedTuple

from idp.storage.database import StorageUnavailable

ALARM_SECONDS = 5.0
"""From here on the log says so."""

OWN_SIGNATURES_SECONDS = 40.0
"""How far ahead the clock of another node may be that signed something: see `ClockLimits`."""

log = logging.getLogger(__name__)


class ClockWrong(StorageUnavailable):
    """This process's clock is too far from the database's to write what others rely on. Answer 503."""


class ClockLimits(NamedTuple):
    """How many seconds a clock may be from the database's: `ahead` for it to sign by, `apart` to go on at all."""

    ahead: float = 10.0
    apart: float = 30.0


PRODUCTION_CLOCK = ClockLimits()
ANY_CLOCK = ClockLimits(ahead=math.inf, apart=math.inf)
"""For clocks that are not meant to show the time: those of tests."""


class Skew:
    """The last comparison of both clocks; `seconds` is how far this process's is ahead."""

    def __init__(self, limits: ClockLimits) -> None:
        self._limits = limits
        self.seconds = 0.0

    def take(self, seconds: float) -> None:
        """Take in a new comparison; the log gets a line when it becomes alarming, and when it is over."""
        if (abs(seconds) > ALARM_SECONDS) != (abs(self.seconds) > ALARM_SECONDS):
            log.warning("this node's clock is %+.1f s from the database's", seconds)
        self.seconds = seconds

    @property
    def is_wrong(self) -> bool:
        """Whether the clock is too far from the database's to go on."""
        return abs(self.seconds) > self._limits.apart

    @property
    def is_ahead(self) -> bool:
        """Whether what is signed now would come from the future."""
        return self.seconds > self._limits.ahead

    def require_writing_time(self, age: float) -> None:
        """Return unless the clock is wrong, or has jumped: `age` says how long ago, by itself, it was compared.

        Raises:
            ClockWrong: It is, or has.
        """
        if self.is_wrong or age > self._limits.apart:
            message = f"this node's clock was {self.seconds:+.0f} s from the database's {age:.0f} s ago"
            raise ClockWrong(message)
