"""Serve: check, then run request workers and the housekeeper until told to stop. What `idp serve` and `idp demo` call.

Invariant: this process opens the database once, to look, and lets go of it before it forks; it answers no request and
holds no key.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import multiprocessing.context
import os
import resource
import sys
from multiprocessing.process import BaseProcess

from idp.journal import keep_journal_of
from idp.metrics.exposition import forget
from idp.metrics.meters import Meters
from idp.operating.housekeeping import keep_house
from idp.operating.parentage import end_with_parent
from idp.operating.preflight import require_free, require_ready
from idp.operating.request_server import RequestServer
from idp.operating.request_worker import RequestWorker, serve_requests
from idp.settings import Settings
from idp.storage.handles import Clock, Entropy
from idp.wire.bind import Bind
from idp.wire.traces import where

Context = multiprocessing.context.ForkContext | multiprocessing.context.SpawnContext

OWN_FILES = 128
"""What a worker opens besides clients and database: Redis, log, numbers, templates."""
MOST_CONNECTIONS = 2048
"""Open connections of one worker; idle ones cost no thread, and more wait in the kernel until one closes."""
FEWEST_CONNECTIONS = 16

log = logging.getLogger("idp.operating")


def serve(settings: Settings, bind: Bind, *, workers: int, clock: Clock, entropy: Entropy) -> None:
    """Serve until SIGTERM or SIGINT; for the main thread of a process that has no other threads.

    Raises:
        NotReadyToStart: something is missing or in the way; nothing was started.
    """
    require_ready(settings, workers=workers, now=clock(), entropy=entropy)
    require_free(bind, Bind.parse(settings.management_bind))
    context, meters = process_context(), Meters()

    def tell_of_death(process: int) -> None:
        forget(process)
        meters.restarts.inc()

    server = RequestServer(
        bind.resolved(),
        workers=workers,
        threads=settings.threads,
        connections=connections_within(raised_file_limit(), settings.database_pool),
        housekeeper=lambda: housekeeper(context, settings),
        on_death=tell_of_death,
    )
    keep_journal_of(settings, "serve")
    log.info("serving %s on %s with %s request worker(s)", settings.issuer, bind, workers)
    worker = RequestWorker(settings=settings, workers=workers, parent=os.getpid())
    # What is imported by now stays as it is, in pages that this process and its children share.
    gc.collect()
    gc.freeze()
    server.serve(spawn_target=serve_requests, target_loader=worker, wrap_loader=False)
    log.info("stopped")


def housekeeper(context: Context, settings: Settings) -> BaseProcess:
    """Make the housekeeper's process, to be started."""
    return context.Process(
        name="idp-housekeeper", target=keep_house_as_child, args=(settings, os.getpid()), daemon=True
    )


def keep_house_as_child(settings: Settings, parent: int) -> None:
    """Be the housekeeper beside the request workers; ends with the parent."""
    end_with_parent(parent)
    keep_journal_of(settings, "housekeeper")
    try:
        keep_house(settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, the log gets one line and the parent an exit code
        log.error("the housekeeper could not work: %s", where(error))  # noqa: TRY400 - no text of the exception
        sys.exit(1)


def process_context() -> Context:
    """Choose how children are made: forked where that is usual, so that they share what has been imported."""
    return multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")


def raised_file_limit() -> int:
    """Have as many open files as the system lets this process have, each connection being one; gives how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def connections_within(files: int, database_pool: int) -> int:
    """Give how many clients a worker may be connected to, so that its own files and connections always find room."""
    return max(FEWEST_CONNECTIONS, min(MOST_CONNECTIONS, files - OWN_FILES - database_pool))
