"""Tells apps what they must hear: several at once, none waiting for a slow one.

That a session ended (Back-Channel Logout 1.0 §2.5–§2.8), that a signing key leaked (RFC 8935 §2): a queue for each.

Three steps with nothing held between them, as the courier has it: claim (a transaction), build and post the token (none
is open), note (a transaction). One app never has more than `EACH` of the `AT_ONCE` calls, so that the others' are free.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Generic

from sqlalchemy import Connection

from idp.delivery.app_queue import CONFIRMED, UNNEEDED, WAITING, AppQueue, Told
from idp.delivery.policy import Outcome
from idp.storage.database import Database, StorageUnavailable
from idp.storage.handles import Clock, Entropy
from idp.wire.outbound import Outbound, OutboundRefused
from idp.wire.traces import where

AT_ONCE = 8
EACH = 2
PAUSE_SECONDS = 1.0
UNNOTED = "unnoted"
_NOT_NOW = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})

log = logging.getLogger("idp.delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCall:
    """What is posted where, and which answers say that it was heard."""

    address: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    heard: frozenset[int]


Write = Callable[[Told], AppCall | None]
"""Builds and signs a token, anew each time it is called; None when the app need not be told any more."""
Record = Callable[[Connection, Told, str], None]
"""Records in the caller's transaction in which state it came to its end."""
Calls = dict[Future[str], str]
"""The calls under way, and the app of each."""


class BackChannel(Generic[Told]):
    """Tells every app that is due in a queue; `observe` hears how each try ended."""

    def __init__(
        self,
        database: Database,
        outbound: Outbound,
        queue: AppQueue[Told],
        write: Write[Told],
        record: Record[Told],
        *,
        observe: Callable[[str], None],
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._database = database
        self._outbound = outbound
        self._queue = queue
        self._write = write
        self._record = record
        self._observe = observe
        self._clock = clock
        self._entropy = entropy

    def deliver_due(self) -> Counter[str]:
        """Tell every app that is due, and wait for what they say; gives how many tries ended how.

        Raises:
            StorageUnavailable: the rows cannot be read or claimed.
        """
        ended: Counter[str] = Counter()
        calls: Calls = {}
        with _threads() as threads:
            while self._begin_what_is_due(threads, calls) or calls:
                ended.update(_ended(calls, timeout=None))
        return ended

    def run(self, stop: threading.Event, *, pause: float = PAUSE_SECONDS) -> None:
        """Tell apps until `stop` is set: a thread of the housekeeper. It outlives whatever goes wrong."""
        calls: Calls = {}
        with _threads() as threads:
            while not stop.is_set():
                try:
                    self._begin_what_is_due(threads, calls)
                except StorageUnavailable:
                    log.warning("the apps to be told cannot be read; trying again")
                except Exception as error:  # noqa: BLE001 - a loop that ends here tells no app ever after
                    log.error("a round of telling apps failed: %s", where(error))  # noqa: TRY400 - see the courier
                if not calls:
                    stop.wait(pause)
                _ended(calls, timeout=pause)

    def _begin_what_is_due(self, threads: ThreadPoolExecutor, calls: Calls) -> bool:
        """Begin as many calls as may run at once; gives whether one was begun."""
        begun = False
        while len(calls) < AT_ONCE:
            told = self._claim(passing_over=[app for app, busy in Counter(calls.values()).items() if busy >= EACH])
            if told is None:
                break
            calls[threads.submit(self._tell, told)] = told.client_id
            begun = True
        return begun

    def _claim(self, *, passing_over: list[str]) -> Told | None:
        """Have the next; nothing due, which is how it is most of the time, costs one read."""
        with self._database.reading() as connection:
            if not self._queue.is_anything_due(connection, passing_over=passing_over, now=self._clock()):
                return None
        with self._database.writing() as connection:
            return self._queue.claim_next(
                connection, passing_over=passing_over, entropy=self._entropy, now=self._clock()
            )

    def _tell(self, told: Told) -> str:
        """Try one app and note how that went; what could not be noted is tried again when its lease is over."""
        try:
            state = self._noted(told)
        except StorageUnavailable:
            state = UNNOTED
        except Exception as error:  # noqa: BLE001 - one that cannot be noted stops no other
            log.error("%s could not be noted: %s", told.id, where(error))  # noqa: TRY400 - see the courier
            state = UNNOTED
        self._observe(state)
        return state

    def _noted(self, told: Told) -> str:
        try:
            call = self._write(told)
            if call is None:
                return self._settled(told, UNNEEDED)
            status = self._outbound.post(call.address, call.body, headers=call.headers).status
        except OutboundRefused as error:
            return self._failed(told, Outcome.UNREACHABLE, str(error))
        except Exception as error:  # noqa: BLE001 - no key at this moment, for instance: nobody has refused anything
            return self._failed(told, Outcome.DEFERRED, type(error).__name__)
        if status in call.heard:
            return self._settled(told, CONFIRMED)
        return self._failed(told, outcome_of(status), f"answered {status}")

    def _settled(self, told: Told, state: str) -> str:
        with self._database.writing() as connection:
            if self._queue.settle(connection, told, state=state, now=self._clock()) and state == CONFIRMED:
                self._record(connection, told, state)
        return state

    def _failed(self, told: Told, outcome: Outcome, problem: str) -> str:
        chance = self._entropy(1)[0] / 255
        with self._database.writing() as connection:
            now = self._clock()
            state = self._queue.note_failure(connection, told, outcome, problem=problem, chance=chance, now=now)
            if state not in {None, WAITING}:
                self._record(connection, told, state or "")
        level = logging.WARNING if state in {None, WAITING} else logging.ERROR
        log.log(level, "app %s was not told, try %d: %s", told.client_id, told.tries.attempts, problem)
        return state or UNNOTED


def outcome_of(status: int) -> Outcome:
    """Say what a status other than "heard" means: both specifications have 400 for what is wrong, nothing else."""
    refuses = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _NOT_NOW
    return Outcome.FAULT if refuses or status == HTTPStatus.NOT_IMPLEMENTED else Outcome.DEFERRED


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="back-channel")


def _ended(calls: Calls, *, timeout: float | None) -> list[str]:
    """Wait for one of the calls to end, and take those out that have."""
    ended, _ = wait(calls, timeout, FIRST_COMPLETED)
    for call in ended:
        del calls[call]
    return [call.result() for call in ended]
