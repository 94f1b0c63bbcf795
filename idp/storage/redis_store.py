"""The ephemeral store in Redis or Valkey: one round trip per verb, and never more than a moment of waiting.

Invariant: no hidden retries (the library's default is ten, four seconds in all) and both timeouts set, so that a dead
or hanging server costs some 50 ms per call. Keys carry a hash tag, ready for a cluster.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from typing_extensions import override

from idp.storage.ephemeral import EphemeralStore, EphemeralUnavailable, require_short

TIMEOUT_SECONDS = 0.05
CONNECTIONS = 64
"""More than a process has threads."""


class RedisStore(EphemeralStore):
    """Implements `EphemeralStore`. Connects at first use."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._redis = Redis.from_url(
            url,
            # RESP2 and no introduction: a new connection costs no round trips before its first command.
            protocol=2,
            driver_info=None,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            max_connections=CONNECTIONS,
        )

    @override
    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        require_short(seconds)
        with _unavailable():
            self._redis.set(_name(key), value, px=_milliseconds(seconds))

    @override
    def get(self, key: str) -> bytes | None:
        with _unavailable():
            return cast("bytes | None", self._redis.get(_name(key)))

    @override
    def take(self, key: str) -> bytes | None:
        with _unavailable():
            return cast("bytes | None", self._redis.getdel(_name(key)))

    @override
    def delete(self, key: str) -> None:
        with _unavailable():
            self._redis.delete(_name(key))

    @override
    def add(self, key: str, *, amount: int = 1, seconds: float) -> int:
        with _unavailable():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.set(_name(key), 0, px=_milliseconds(seconds), nx=True)
            pipeline.incrby(_name(key), amount)
            return int(pipeline.execute()[-1])

    def close(self) -> None:
        """Give the connections back; the next use opens new ones."""
        self._redis.close()


def _name(key: str) -> str:
    return f"idp:{{{key}}}"


def _milliseconds(seconds: float) -> int:
    """Redis refuses lifetimes of nothing."""
    return max(1, round(seconds * 1000))


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise EphemeralUnavailable(type(error).__name__) from error
