"""The service for WSGI servers other than our own: ``gunicorn 'idp.wsgi:application()' --worker-class gthread``.

Invariant: faults are told when the server loads the application, which then ends; the service itself (threads, pool,
keys) is put together by the process that serves, at its first request, so that loading before the fork does no harm.
Run `idp worker` beside it for pruning and metrics.
"""

from __future__ import annotations

import atexit
import os
import secrets
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from idp.app import build
from idp.cores import usable_cores
from idp.journal import keep_journal_of
from idp.operating.memory import share_arenas
from idp.operating.preflight import NotReadyToStart, require_ready
from idp.settings import Settings, SettingsRefused, load_settings
from idp.storage.database import StorageUnavailable

CANNOT_BOOT = 3
"""With this code gunicorn ends too, instead of trying again for ever."""


class PerProcess:
    """A WSGI callable that puts a service together at the first request of each process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._process = 0
        self._front: WSGIApplication | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        front = self._front
        if front is None or self._process != os.getpid():
            try:
                front = self._started()
            except StorageUnavailable:
                start_response("503 Service Unavailable", [("Retry-After", "2"), ("Content-Length", "0")])
                return []
        return front(environ, start_response)

    def _started(self) -> WSGIApplication:
        with self._lock:
            if self._front is None or self._process != os.getpid():
                keep_journal_of(self._settings, "request")
                share_arenas()
                service = build(self._settings, workers=usable_cores())
                service.start()
                atexit.register(service.stop)
                self._front, self._process = service.front, os.getpid()
            return self._front


def application(config: str | None = None) -> WSGIApplication:
    """Make the application, with the settings of `idp serve`; ends the process with every fault in words."""
    try:
        settings = load_settings(Path(config) if config else None, os.environ)
        now = time.time()  # noqa: TID251 - one of the ways in, as the commands are
        require_ready(settings, workers=1, now=now, entropy=secrets.token_bytes)
    except (SettingsRefused, NotReadyToStart) as error:
        sys.stderr.writelines(f"idp cannot start: {fault}\n" for fault in error.faults)
        sys.exit(CANNOT_BOOT)
    return PerProcess(settings)
