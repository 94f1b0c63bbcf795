"""The last second of a request worker: it goes on answering, and asks every caller to come back on another connection.

A server that closes an idle connection while a request is on its way to it loses that request. So a worker that is
about to stop first says `Connection: close` with each answer, and that it is not ready, until few have one open.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable
from types import FrameType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SIGNAL = signal.SIGUSR1
"""What the parent sends before it stops a worker."""
SECONDS = 1.0

_STOPPING = b"stopping\n"
_HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), ("Connection", "close")]


class Draining:
    """A WSGI callable around another, which can be told that the process is about to stop."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner
        self.draining = False

    def listen(self) -> None:
        """Begin to drain at the signal; from the main thread."""
        signal.signal(SIGNAL, self._told)

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

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        self.draining = True
