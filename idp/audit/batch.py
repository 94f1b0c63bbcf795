"""Token events in batches: a request hands its event over and goes on; one thread writes what has come in every 20 ms.

A crash loses at most one batch. Only machine tokens are recorded so; whatever concerns a person is recorded in the
transaction of the thing itself. When storage is away the queue is kept up to a bound, then issuing must stop: nothing
is issued that could not be recorded.
"""

from __future__ import annotations

import threading
from collections import deque

import structlog

from idp.audit.events import Event
from idp.audit.record import record_many
from idp.storage.database import Database, StorageUnavailable
from idp.storage.handles import Entropy

PERIOD_SECONDS = 0.02
LARGEST_BATCH = 1000
MOST_WAITING = 20_000
RETRY_SECONDS = 0.5

log = structlog.get_logger(__name__)


class TrailFull(Exception):
    """Storage has been away for so long that no further event can be kept; answer 503."""


class TrailWriter:
    """Collects events and writes them from a thread of its own, started with the first event."""

    def __init__(self, database: Database, entropy: Entropy) -> None:
        self._database = database
        self._entropy = entropy
        self._waiting: deque[Event] = deque()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()

    def add(self, event: Event) -> None:
        """Hand an event over.

        Raises:
            TrailFull: too many wait already.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise TrailFull
        self._waiting.append(event)
        if self._thread is None:
            self._start()
        if not self._wake.is_set():
            self._wake.set()

    @property
    def waiting(self) -> int:
        """How many events are not yet written."""
        return len(self._waiting)

    def stop(self) -> None:
        """Write what waits and end the thread; called once, at the end of the process."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit-trail", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not (self._stopping.is_set() and not self._waiting):
            self._wake.wait(timeout=1.0)
            self._stopping.wait(timeout=PERIOD_SECONDS)
            self._wake.clear()
            if not self._flushed() and self._stopping.wait(timeout=RETRY_SECONDS):
                return

    def _flushed(self) -> bool:
        while self._waiting:
            batch = [self._waiting[place] for place in range(min(len(self._waiting), LARGEST_BATCH))]
            try:
                with self._database.writing() as connection:
                    record_many(connection, batch, entropy=self._entropy)
            except StorageUnavailable:
                log.warning("audit.batch_waits", waiting=len(self._waiting))
                return False
            except Exception:
                # A batch that cannot be written would stop all issuing for ever: it is given up, loudly.
                log.exception("audit.batch_lost", events=len(batch))
            for _ in batch:
                self._waiting.popleft()
        return True
