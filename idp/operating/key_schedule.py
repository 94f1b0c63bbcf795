"""The housekeeper's turn at the keys: once a minute what is due, unless the clock cannot be trusted for it.

A clock that jumps a month ahead would rotate keys that nobody has fetched, and remove keys whose tokens live. So what
the clock says has passed is held against what a stopwatch says: after a jump nothing is done for an hour, and whoever
turns the clock back within it has lost nothing (F14).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from idp.acts.keep_schedule import keep_schedule
from idp.app import Service
from idp.issuance.pick_up import PickUp
from idp.storage.database import StorageUnavailable
from idp.storage.skew import ClockWrong

PERIOD_SECONDS = 60.0
JUMP_SECONDS = 60.0
SETTLING_SECONDS = 3600.0

log = logging.getLogger("idp.keys")


class KeySchedule:
    """Keeps the schedule of the keys; `turn` is called as often as one likes, from one thread."""

    def __init__(self, service: Service, *, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._stopwatch = stopwatch
        self._seen = (service.clock(), stopwatch())
        self._due_at = self._seen[1]

    def turn(self) -> None:
        """Do what is due, once a minute; a database that is away is asked again at the next turn."""
        now, watched = self._service.clock(), self._stopwatch()
        before, self._seen = self._seen, (now, watched)
        if abs((now - before[0]) - (watched - before[1])) > JUMP_SECONDS:
            log.warning("the clock jumped by %+.0f s: the key schedule waits an hour", now - before[0])
            self._due_at = watched + SETTLING_SECONDS
        if watched >= self._due_at:
            self._due_at = watched + PERIOD_SECONDS
            self._keep()

    def _keep(self) -> None:
        service = self._service
        try:
            done = keep_schedule(
                service.database,
                service.kek,
                service.settings.timetable,
                algorithms=service.settings.signing_algs,
                pick_up=PickUp(service.parts.issuer.directory.all(), service.settings.pick_up_seconds),
                clock=service.clock,
                entropy=service.entropy,
            )
        except (StorageUnavailable, ClockWrong) as error:
            log.warning("the key schedule waits: %s", error)
            return
        for step in done:
            log.info("key schedule: %s, %s", step.kind, step.algorithm)
