"""Places for those who wait for a slow client: so many threads, and no more, may be held by bodies on their way.

Invariant: a place that is only used for a moment is waited for, one that has been held for long is not: a busy client
is served in turn, a slow one sent away at once. Both bounds are short, since a thread that waits serves nobody else.
"""

from __future__ import annotations

import threading
import time

from idp.wire.errors import TooManyReaders

SLOW_SECONDS = 0.25
"""A body that takes longer is a slow one: most are here before they are asked for."""
PATIENCE_SECONDS = 1.0
_LOOK_SECONDS = 0.002


class Places:
    """A number of places, each held by one thread at a time."""

    def __init__(self, number: int) -> None:
        # Popping, appending and setting are atomic, and an order of magnitude cheaper than a semaphore.
        self._free: list[None] = [None] * number
        self._since: dict[int, float] = {}

    def take(self) -> None:
        """Hold a place, until `give_back` in the same thread.

        Raises:
            TooManyReaders: all of them have been held for long, or none became free.
        """
        try:
            self._free.pop()
        except IndexError:
            self._wait()
        self._since[threading.get_ident()] = time.monotonic()

    def give_back(self) -> None:
        """Hold it no longer."""
        del self._since[threading.get_ident()]
        self._free.append(None)

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._are_slow() and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
            try:
                self._free.pop()
            except IndexError:
                continue
            return
        raise TooManyReaders

    def _are_slow(self) -> bool:
        now = time.monotonic()
        return all(now - since > SLOW_SECONDS for since in list(self._since.values()))
