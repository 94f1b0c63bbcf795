"""The ephemeral store while Redis may be away: what cannot go there goes to SQL, and sign-ins go on.

After a failure Redis is not tried for a second; then one call tries it. From the first failure until the last value
written to SQL has expired, every process is *careful*: SQL is asked first, because what stands there is newer than
what Redis, come back, may still hold. A small value in SQL (`CAREFUL`) tells processes that did not meet the failure.

Invariant: a key has one value. What was put while Redis was away hides the older copy in Redis; what was taken or
deleted then leaves a tombstone, so that it does not come back with Redis. Counters may be split over both stores: a
budget is then looser for one window. A value only Redis knew is lost to a sign-in that meets the failure.
"""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from typing_extensions import override

from idp.storage.ephemeral import LONGEST_SECONDS, EphemeralStore, EphemeralUnavailable, require_short
from idp.storage.handles import Clock

REST_SECONDS = 1.0
"""How long a failed Redis is left alone."""

CAREFUL_SECONDS = LONGEST_SECONDS
CARRIED_SECONDS = CAREFUL_SECONDS - 2 * REST_SECONDS
"""The longest life of a value that SQL carries: over before carefulness is."""

CAREFUL = "fallback:careful"
GONE = "fallback:gone:"

Answer = TypeVar("Answer")


class FallbackStore(EphemeralStore):
    """Implements `EphemeralStore` over a fast one that may fail and a sure one.

    `announce` is called when the fast one fails (once a second at most); wire it so that `look_around` is called in
    every other process (a bumped revision does it). Without, they learn when they start or fail themselves.
    """

    def __init__(
        self, first: EphemeralStore, second: EphemeralStore, clock: Clock, *, announce: Callable[[], None] | None = None
    ) -> None:
        self._first = first
        self._second = second
        self._clock = clock
        self._announce = announce
        self._lock = Lock()
        self._rest_until = 0.0
        self._careful_until: float | None = None
        self._told_at = -REST_SECONDS

    @property
    def degraded(self) -> bool:
        """Whether the fast store is being left alone now, for a warning metric."""
        return 0 < self._rest_until - self._clock() <= REST_SECONDS

    @override
    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        require_short(seconds)
        careful = self._is_careful()
        try:
            self._try_first(lambda store: store.put(key, value, seconds=seconds))
        except EphemeralUnavailable:
            self._second.put(key, value, seconds=min(seconds, CARRIED_SECONDS))
            self._forget(GONE + key)
        else:
            if careful:
                self._forget(key)
                self._forget(GONE + key)

    @override
    def get(self, key: str) -> bytes | None:
        if self._is_careful() and self._is_known(key):
            return self._second.get(key)
        try:
            return self._try_first(lambda store: store.get(key))
        except EphemeralUnavailable:
            return self._second.get(key)

    @override
    def take(self, key: str) -> bytes | None:
        if self._is_careful() and self._is_known(key):
            return self._take_second(key)
        try:
            return self._try_first(lambda store: store.take(key))
        except EphemeralUnavailable:
            return self._take_second(key)

    @override
    def delete(self, key: str) -> None:
        careful = self._is_careful()
        try:
            self._try_first(lambda store: store.delete(key))
        except EphemeralUnavailable:
            self._take_second(key)
        else:
            if careful:
                self._forget(key)

    @override
    def add(self, key: str, *, amount: int = 1, seconds: float) -> int:
        try:
            return self._try_first(lambda store: store.add(key, amount=amount, seconds=seconds))
        except EphemeralUnavailable:
            return self._second.add(key, amount=amount, seconds=seconds)

    def look_around(self) -> None:
        """Find out whether another process has met a failure.

        Raises:
            EphemeralUnavailable: The sure store fails too.
        """
        seen = self._second.get(CAREFUL) is not None
        self._careful_until = self._clock() + CAREFUL_SECONDS if seen else 0.0

    def _is_careful(self) -> bool:
        if self._careful_until is None:
            self.look_around()
        return self._clock() < (self._careful_until or 0.0)

    def _is_known(self, key: str) -> bool:
        """Whether SQL decides about this key, by a value or by a tombstone."""
        return self._second.get(key) is not None or self._second.get(GONE + key) is not None

    def _take_second(self, key: str) -> bytes | None:
        # The tombstone first: who finds the value already taken must find the reason, and not turn to Redis.
        self._second.put(GONE + key, b"1", seconds=LONGEST_SECONDS)
        return self._second.take(key)

    def _forget(self, key: str) -> None:
        """Delete from SQL what is seldom there: a look costs less than a write."""
        if self._second.get(key) is not None:
            self._second.delete(key)

    def _try_first(self, verb: Callable[[EphemeralStore], Answer]) -> Answer:
        if self._rest_until and not self._may_probe():
            raise EphemeralUnavailable("left alone for a moment after a failure")
        try:
            answer = verb(self._first)
        except EphemeralUnavailable:
            self._fall()
            raise
        self._rest_until = 0.0
        return answer

    def _may_probe(self) -> bool:
        """Let one call through when the rest is over (or the clock was set back); it may take a timeout."""
        with self._lock:
            now = self._clock()
            if 0 < self._rest_until - now <= REST_SECONDS:
                return False
            self._rest_until = now + REST_SECONDS
            return True

    def _fall(self) -> None:
        now = self._clock()
        with self._lock:
            self._rest_until = now + REST_SECONDS
            self._careful_until = now + CAREFUL_SECONDS
            if 0 <= now - self._told_at < REST_SECONDS:
                return
            self._told_at = now
        self._second.put(CAREFUL, b"1", seconds=CAREFUL_SECONDS)
        if self._announce is not None:
            self._announce()
