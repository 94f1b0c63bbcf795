"""One request worker: a process that puts its own service together after the fork and answers until it is told to stop.

Invariant: nothing of the parent is used but its settings; threads, pools and keys are this process's own. What waits to
be written is written before the process ends.
"""

from __future__ import annotations

import gc
import logging
import sys
from dataclasses import dataclass, field
from threading import Thread
from time import perf_counter
from typing import Any
from wsgiref.types import WSGIApplication

import granian._signals
from granian._granian import WorkerSignal
from granian.server.mp import MPServer

from idp.app import Service, build
from idp.journal import keep_journal_of
from idp.operating.checkup import Status, look_at_hashing
from idp.operating.draining import Draining
from idp.operating.memory import share_arenas
from idp.operating.parentage import end_with_parent
from idp.settings import Settings
from idp.wire.traces import where

log = logging.getLogger("idp.operating")

COLLECT_AFTER = (10_000, 20, 50)
"""Python's own are (700, 10, 10): containers made before the young, the middle-aged and the old are looked through."""


@dataclass(kw_only=True)
class RequestWorker:
    """What a request worker is made from; called in its process, it gives the WSGI callable."""

    settings: Settings
    workers: int
    parent: int
    tells_speed: bool = field(default=False, init=False)
    service: Service | None = field(default=None, init=False)
    draining: Draining | None = field(default=None, init=False)

    def __call__(self) -> WSGIApplication:
        """Put the service together and start its threads."""
        keep_journal_of(self.settings, "request")
        share_arenas()
        self.service = build(self.settings, workers=self.workers)
        self.service.start()
        _settle_memory()
        if self.tells_speed:
            Thread(target=_tell_speed, args=(self.service,), name="idp-speed", daemon=True).start()
        self.draining = Draining(self.service.front)
        return self.draining

    def take_signals(self) -> WorkerSignal:
        """Give what granian stops by, to be set a moment after SIGTERM; called once the service is there."""
        signal = WorkerSignal()
        if self.draining is not None:
            self.draining.stop_at_signals(signal.set)
        return signal

    def stop(self) -> None:
        """End the threads and write what waits."""
        if self.service is not None:
            self.service.stop()


def serve_requests(worker_id: int, process_name: str | None, worker: RequestWorker, *rest: Any) -> None:  # noqa: ANN401 - granian's own
    """Run one request worker, until SIGTERM or SIGINT; requests in flight are answered first."""
    end_with_parent(worker.parent)
    granian._signals.set_sync_signals = worker.take_signals  # noqa: SLF001 - granian's own would close at once
    # What one password costs on this machine is worth one line of the log; the first worker writes it.
    worker.tells_speed = worker_id == 1
    try:
        MPServer._spawn_wsgi_worker(worker_id, process_name, worker, *rest)  # noqa: SLF001 - granian offers no other way
    except Exception as error:  # noqa: BLE001 - whatever it is, the log gets one line and the parent an exit code
        log.error("a request worker could not serve: %s", where(error))  # noqa: TRY400 - no text of the exception
        sys.exit(1)
    finally:
        worker.stop()


def _settle_memory() -> None:
    """Take what has been put together out of the collector's rounds, and let it come round less often.

    Requests leave few cycles behind; going through the whole service for them costs one in twenty CPU seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _tell_speed(service: Service) -> None:
    finding = look_at_hashing(service.entropy, perf_counter)
    level = logging.INFO if finding.status is Status.OK else logging.WARNING
    log.log(level, "%s%s", finding.text, ": `idp doctor` says how to mend it" if finding.remedy else "")
