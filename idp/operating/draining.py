"""The last second of a request worker: it goes on answering, and asks every caller to come back on another connection.

A server that closes an idle connection while a request is on its way to it loses that request. So a worker that is told
to stop says `Connection: close` with each answer, and that it is not ready, until few have one open; then it stops.
Whoever else is told at the same time (systemd tells every process of a service) makes no difference to that.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SECONDS = 1.0

_STOPPING = b"stopping\n"
_HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), ("Connection", "close")]


class Draining:
    """A WSGI callable around another, which can be told that the process is about to stop."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner
        self.draining = False

    def stop_at_signals(self, stop: Callable[[], None]) -> None:
        """Drain at SIGTERM and stop a second later; stop at once at SIGINT. From the main thread, where `stop` runs."""

        def drain(_number: int, _frame: FrameType | None) -> None:
            if not self.draining:
                self.draining = True
                signal.setitimer(signal.ITIMER_REAL, SECONDS)

        def now(_number: int, _frame: FrameType | None) -> None:
            stop()

        signal.signal(signal.SIGALRM, now)
        signal.signal(signal.SIGINT, now)
        signal.signal(signal.SIGTERM, drain)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if not self.draining:
            return self._inner(environ, start_response)
        if environ.get("PATH_INFO") == "/readyz":
            start_response("503 Service Unavailable", [*_HEADERS, ("Content-Length", str(len(_STOPPING)))])
            return [_STOPPING]

        def closing(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, [*headers, ("Connection", "close")], *rest)

        return self._inner(environ, closing)
