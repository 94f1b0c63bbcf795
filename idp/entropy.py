"""Randomness in handfuls: each thread asks the system for a kilobyte at a time and gives it out in pieces.

Every call of the system lets go of the interpreter's lock, and under load that hands the core to another thread: once
in some forty handles costs less than each time (docs/performance.md). Invariant: no byte is given out twice, in no
thread and in no child of a fork; what has been given out is not kept.
"""

from __future__ import annotations

import os
import secrets
import threading

HANDFUL = 1024


class Handfuls:
    """Unpredictable bytes; called like `secrets.token_bytes`."""

    def __init__(self) -> None:
        self._mine = threading.local()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def __call__(self, size: int) -> bytes:
        """Give so many bytes."""
        rest: bytes = getattr(self._mine, "rest", b"")
        if len(rest) < size:
            if size >= HANDFUL:
                return secrets.token_bytes(size)
            rest = secrets.token_bytes(HANDFUL)
        self._mine.rest = rest[size:]
        return rest[:size]

    def _forget(self) -> None:
        self._mine = threading.local()
