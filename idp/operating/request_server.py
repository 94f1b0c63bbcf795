"""The parent of the request workers: granian's server with our own rules for workers that die and for the stop.

Granian gives up when a worker dies twice within seconds; here a dead worker is replaced, `RestartBudget` permitting,
and the service never ends because one of its processes did. Beside the request workers it keeps the housekeeper alive.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from idp.operating import draining
from idp.operating.restarts import RestartBudget
from idp.operating.wakeup import Wakeup
from idp.wire.bind import Bind

GRACE_SECONDS = 10
"""How long requests in flight may take to end."""
BACKLOG = 1024
HEADER_SECONDS = 10
"""How long a client may take over a request's headers, and how long an idle connection is kept."""
LARGEST_HEAD = 65_536
LOOK_SECONDS = 0.5

# Granian's own words go the way of all others; it is heard when something is wrong.
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True}},
}

log = logging.getLogger("idp.operating")


class RequestServer(MPServer):
    """Listens, keeps its workers and the housekeeper alive, and stops all of them in order."""

    def __init__(
        self,
        bind: Bind,
        *,
        workers: int,
        threads: int,
        connections: int,
        housekeeper: Callable[[], BaseProcess],
        on_death: Callable[[int], None],
    ) -> None:
        """Describe the server, without starting it.

        Args:
            bind: where to listen.
            workers: request workers.
            threads: of each worker.
            connections: open at once, of each worker.
            housekeeper: makes the process that does the housekeeping; it is started here.
            on_death: told the process id of each worker that has died.
        """
        super().__init__(
            "idp",
            address=bind.host,
            port=bind.port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=connections,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=LARGEST_HEAD),
            log_level=LogLevels.error,
            log_dictconfig=_LOGGING,
            workers_kill_timeout=GRACE_SECONDS + math.ceil(draining.MOST_SECONDS),
        )
        # Granian's own is an Event, set by its signal handler; see `Wakeup`.
        self.main_loop_interrupt = Wakeup()  # type: ignore[assignment]
        self._parent = os.getpid()
        self._make_housekeeper = housekeeper
        self._housekeeper: BaseProcess | None = None
        self._on_death = on_death
        self._budget = RestartBudget()
        self._told_to_stop = False

    def signal_handler_interrupt(self, *_: Any) -> None:  # noqa: ANN401 - as granian calls it
        """Take note that the service is to stop."""
        if os.getpid() != self._parent:
            # A child that was forked a moment ago and has no handler of its own yet.
            os._exit(0)
        self._told_to_stop = True
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:  # noqa: ANN401 - as granian calls it
        """Keep everything alive until told to stop."""
        self._keep_housekeeper()
        while not self._told_to_stop:
            self.main_loop_interrupt.wait(LOOK_SECONDS)
            self.main_loop_interrupt.clear()
            if not self._told_to_stop:
                self._replace_fallen(spawn_target, target_loader)
                self._keep_housekeeper()
        log.info("stopping")
        # Who has died meanwhile is not replaced, and no reason to end otherwise than well.
        self.interrupt_children.clear()

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop the workers, then the housekeeper."""
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]
        finally:
            keeper = self._housekeeper
            if keeper is not None:
                keeper.terminate()
                keeper.join(GRACE_SECONDS)
                if keeper.is_alive():
                    keeper.kill()

    def _replace_fallen(self, spawn_target: Any, target_loader: Any) -> None:  # noqa: ANN401
        while self.interrupt_children and not self._budget.seconds_to_wait(time.monotonic()):
            place = self.interrupt_children.pop(0)
            fallen = self.wrks[place].inner
            self._tell_of_death("a request worker", fallen)
            worker = self._spawn_worker(idx=place, target=spawn_target, callback_loader=target_loader)
            worker.start()  # type: ignore[no-untyped-call]
            self.wrks[place] = worker

    def _keep_housekeeper(self) -> None:
        keeper = self._housekeeper
        if keeper is not None:
            if keeper.is_alive() or self._budget.seconds_to_wait(time.monotonic()):
                return
            self._tell_of_death("the housekeeper", keeper)
        self._housekeeper = self._make_housekeeper()
        self._housekeeper.start()

    def _tell_of_death(self, who: str, process: BaseProcess) -> None:
        self._budget.spend(time.monotonic())
        log.error("%s has died (process %s, exit code %s) and is replaced", who, process.pid, process.exitcode)
        self._on_death(process.pid or 0)
