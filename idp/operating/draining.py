"""The last seconds of a request worker: it goes on answering, and asks callers to come back on another connection.

A server that closes an idle connection while a request is on its way to it loses that request. So a worker that is told
to stop says `Connection: close` with each answer, and that it is not ready, until nobody has asked for a while; then it
stops. Whoever else is told at the same time (systemd tells every process of a service) makes no difference to that.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LEAST_SECONDS = 1.0
"""A balancer that asks every second has heard by then that this worker is not ready."""

QUIET_SECONDS = 0.5
"""Callers of a busy machine are late: as long as one came within this time, others may be on their way."""

SHORTEST_SECONDS = 0.01
"""A timer of next to nothing is rounded to zero, which would mean never."""

MOST_SECONDS = 5.0
"""Who goes on opening connections to a worker that is not ready does not keep it from stopping."""

_STOPPING = b"stopping\n"
_HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), ("Connection", "close")]


class Draining:
    """A WSGI callable around another, which can be told that the process is about to stop."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner
        self.draining = False
        self._began = self._asked = 0.0

    def stop_at_signals(self, stop: Callable[[], None]) -> None:
        """Drain at SIGTERM, then stop; stop at once at SIGINT. From the main thread, where `stop` runs."""

        def drain(_number: int, _frame: FrameType | None) -> None:
            if not self.draining:
                self._began = self._asked = time.monotonic()
                self.draining = True
                signal.setitimer(signal.ITIMER_REAL, LEAST_SECONDS)

        def look(_number: int, _frame: FrameType | None) -> None:
            left = self._seconds_left(time.monotonic())
            if left > 0.0:
                signal.setitimer(signal.ITIMER_REAL, max(left, SHORTEST_SECONDS))
            else:
                stop()

        def now(_number: int, _frame: FrameType | None) -> None:
            stop()

        signal.signal(signal.SIGALRM, look)
        signal.signal(signal.SIGINT, now)
        signal.signal(signal.SIGTERM, drain)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if not self.draining:
            return self._inner(environ, start_response)
        if environ.get("PATH_INFO") == "/readyz":
            start_response("503 Service Unavailable", [*_HEADERS, ("Content-Length", str(len(_STOPPING)))])
            return [_STOPPING]
        self._asked = time.monotonic()

        def closing(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, [*headers, ("Connection", "close")], *rest)

        return self._inner(environ, closing)

    def _seconds_left(self, now: float) -> float:
        """Give the seconds after which to look again; none or less when nobody comes any more."""
        return min(self._asked + QUIET_SECONDS, self._began + MOST_SECONDS) - now
