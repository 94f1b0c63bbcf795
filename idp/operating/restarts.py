"""How often what has died is started again: at once, and after so many deaths a minute only every few seconds.

A process that dies as soon as it starts must neither fill the log nor keep a core busy; one that was killed must be
back at once, and whatever happened before, nobody is left without workers for long. Time is an argument: seconds of
any clock that runs evenly.
"""

from __future__ import annotations

from collections import deque

MOST = 10
WITHIN_SECONDS = 60.0
PAUSE_SECONDS = 3.0


class RestartBudget:
    """So many restarts within so many seconds; beyond them, one each `pause`."""

    def __init__(self, most: int = MOST, within: float = WITHIN_SECONDS, pause: float = PAUSE_SECONDS) -> None:
        self._most = most
        self._within = within
        self._pause = pause
        self._spent: deque[float] = deque()

    def seconds_to_wait(self, now: float) -> float:
        """Say how long to wait until the next restart; 0 means now."""
        while self._spent and now - self._spent[0] >= self._within:
            self._spent.popleft()
        return max(0.0, self._spent[-1] + self._pause - now) if len(self._spent) >= self._most else 0.0

    def spend(self, now: float) -> None:
        """Take note of a restart."""
        self._spent.append(now)
