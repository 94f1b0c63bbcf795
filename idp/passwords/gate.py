"""How many hashes run at once: one per core, a few waiting, the rest sent away.

Invariant: a flood of sign-ins takes neither all memory (19 MiB each) nor all threads: whoever cannot be served within
a second is told to come back, and token requests go on meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

WAITING = 16
PATIENCE_SECONDS = 1.0
RETRY_AFTER_SECONDS = 2


class HashingBusy(Exception):
    """Too many passwords are being checked; answer 503 and try again after `retry_after` seconds."""

    retry_after = RETRY_AFTER_SECONDS


def running_hashes(*, cores: int, workers: int) -> int:
    """Give how many hashes one of so many worker processes may run at once on so many cores."""
    return max(1, cores // max(1, workers))


class HashingGate:
    """Admits so many at once; others wait, but only so many, and only so long (seconds)."""

    def __init__(self, running: int, *, waiting: int = WAITING, patience: float = PATIENCE_SECONDS) -> None:
        self._slots = threading.BoundedSemaphore(running)
        self._seats = threading.BoundedSemaphore(waiting) if waiting else None
        self._patience = patience

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold one place while a hash is computed.

        Raises:
            HashingBusy: no place became free in time, or too many wait already.
        """
        self._enter()
        try:
            yield
        finally:
            self._slots.release()

    def _enter(self) -> None:
        if self._slots.acquire(blocking=False):
            return
        if self._seats is None or not self._seats.acquire(blocking=False):
            raise HashingBusy
        try:
            if not self._slots.acquire(timeout=self._patience):
                raise HashingBusy
        finally:
            self._seats.release()
