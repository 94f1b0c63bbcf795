"""How often what has died is started again: at once, but only so many times a minute.

A process that dies as soon as it starts must neither fill the log nor keep a core busy; one that was killed must be
back at once. Time is an argument: seconds of any clock that runs evenly.
"""

from __future__ import annotations

from collections import deque

MOST = 10
WITHIN_SECONDS = 60.0


class RestartBudget:
    """So many restarts within so many seconds."""

    def __init__(self, most: int = MOST, within: float = WITHIN_SECONDS) -> None:
        self._most = most
        self._within = within
        self._spent: deque[float] = deque()

    def seconds_to_wait(self, now: float) -> float:
        """Say how long to wait until the next restart; 0 means now."""
        while self._spent and now - self._spent[0] >= self._within:
            self._spent.popleft()
        return self._within - (now - self._spent[0]) if len(self._spent) >= self._most else 0.0

    def spend(self, now: float) -> None:
        """Take note of a restart."""
        self._spent.append(now)
