"""A breaker: after a server has stayed silent, one caller at a time asks it again and the others fail at once.

Invariant: a server that hangs holds one thread and one connection, not all of them, and everyone else is told in
microseconds. Waits are measured on the monotonic clock: this is about how long, never about what time it is.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

REST_SECONDS = 1.0

Judge = Callable[[Exception], bool | None]
"""Says of an error whether the server was silent (True), answered (False), or was not asked (None)."""


class Resting(Exception):
    """The server was silent a moment ago and has not been asked since, or is being asked by somebody else."""


class Breaker:
    """Stands between callers and a server; `probe_seconds` is the longest that one attempt may take."""

    def __init__(self, judge: Judge, *, probe_seconds: float) -> None:
        self._judge = judge
        self._probe_seconds = probe_seconds
        self._lock = Lock()
        self._rest_until = 0.0

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Run the block, unless the server is left alone now.

        Raises:
            Resting: It is.
        """
        if self._rest_until:
            self._rest_or_probe()
        try:
            yield
        except Exception as error:
            silent = self._judge(error)
            if silent:
                self._rest_until = time.monotonic() + REST_SECONDS
            elif silent is not None:
                self._rest_until = 0.0
            raise
        self._rest_until = 0.0

    def _rest_or_probe(self) -> None:
        with self._lock:
            now = time.monotonic()
            if now < self._rest_until:
                raise Resting
            # Everyone else rests while this caller probes.
            self._rest_until = now + self._probe_seconds
