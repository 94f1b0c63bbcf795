"""Clocks that a test sets."""

import time

START = 1_800_000_000.0
"""Where it starts: 15 January 2027, 08:00 UTC."""


class SettableClock:
    """A `Clock`: call it for the time; `advance` or set `now` to change it."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass (or, with a negative number, turn it back)."""
        self.now += seconds


class RunningClock:
    """The machine's clock, which a test can put ahead."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put it ahead by more."""
        self._ahead += seconds
