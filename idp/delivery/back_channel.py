"""Tells apps that a session ended: several at once, none waiting for a slow one (Back-Channel Logout 1.0 §2.5–§2.8).

Three steps with nothing held between them, as the courier has it: claim (a transaction), build and post the token (none
is open), note (a transaction). One app never has more than `EACH` of the `AT_ONCE` calls, so that the others' are free.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from sqlalchemy import Connection

from idp.delivery.app_logouts import (
    CONFIRMED,
    UNNEEDED,
    WAITING,
    AppLogout,
    claim_next,
    is_anything_due,
    note_failure,
    settle,
)
from idp.delivery.policy import Outcome
from idp.storage.database import Database, StorageUnavailable
from idp.storage.handles import Clock, Entropy
from idp.wire.outbound import Outbound, OutboundRefused
from idp.wire.traces import where

AT_ONCE = 8
EACH = 2
PAUSE_SECONDS = 1.0
UNNOTED = "unnoted"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_NOT_NOW = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})

log = logging.getLogger("idp.delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutCall:
    """What is posted where."""

    address: str
    token: str = field(repr=False)


Write = Callable[[AppLogout], LogoutCall | None]
"""Builds and signs a token, a new one each time it is called; None when the app need not be told any more."""
Record = Callable[[Connection, AppLogout, str], None]
"""Records in the caller's transaction in which state an app's logout came to its end."""
Calls = dict[Future[str], str]
"""The calls under way, and the app of each."""


class BackChannel:
    """Tells every app that is due; `observe` hears how each try ended."""

    def __init__(
        self,
        database: Database,
        outbound: Outbound,
        write: Write,
        record: Record,
        *,
        observe: Callable[[str], None],
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._database = database
        self._outbound = outbound
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
            logout = self._claim(passing_over=[app for app, busy in Counter(calls.values()).items() if busy >= EACH])
            if logout is None:
                break
            calls[threads.submit(self._tell, logout)] = logout.client_id
            begun = True
        return begun

    def _claim(self, *, passing_over: list[str]) -> AppLogout | None:
        """Have the next; nothing due, which is how it is most of the time, costs one read."""
        with self._database.reading() as connection:
            if not is_anything_due(connection, passing_over=passing_over, now=self._clock()):
                return None
        with self._database.writing() as connection:
            return claim_next(connection, passing_over=passing_over, entropy=self._entropy, now=self._clock())

    def _tell(self, logout: AppLogout) -> str:
        """Try one app and note how that went; what could not be noted is tried again when its lease is over."""
        try:
            state = self._noted(logout)
        except StorageUnavailable:
            state = UNNOTED
        except Exception as error:  # noqa: BLE001 - one that cannot be noted stops no other
            log.error("logout %s could not be noted: %s", logout.id, where(error))  # noqa: TRY400 - see the courier
            state = UNNOTED
        self._observe(state)
        return state

    def _noted(self, logout: AppLogout) -> str:
        try:
            call = self._write(logout)
            if call is None:
                return self._settled(logout, UNNEEDED)
            body = urlencode({"logout_token": call.token}).encode()
            status = self._outbound.post(call.address, body, headers=_FORM).status
        except OutboundRefused as error:
            return self._failed(logout, Outcome.UNREACHABLE, str(error))
        except Exception as error:  # noqa: BLE001 - no key at this moment, for instance: nobody has refused anything
            return self._failed(logout, Outcome.DEFERRED, type(error).__name__)
        if status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            return self._settled(logout, CONFIRMED)
        return self._failed(logout, outcome_of(status), f"answered {status}")

    def _settled(self, logout: AppLogout, state: str) -> str:
        with self._database.writing() as connection:
            if settle(connection, logout, state=state, now=self._clock()) and state == CONFIRMED:
                self._record(connection, logout, state)
        return state

    def _failed(self, logout: AppLogout, outcome: Outcome, problem: str) -> str:
        chance = self._entropy(1)[0] / 255
        with self._database.writing() as connection:
            state = note_failure(connection, logout, outcome, problem=problem, chance=chance, now=self._clock())
            if state not in {None, WAITING}:
                self._record(connection, logout, state or "")
        level = logging.WARNING if state in {None, WAITING} else logging.ERROR
        log.log(level, "app %s was not told, try %d: %s", logout.client_id, logout.tries.attempts, problem)
        return state or UNNOTED


def outcome_of(status: int) -> Outcome:
    """Say what a status other than 200 and 204 means: §2.8 has 400 for "invalid or failed", and nothing else."""
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
