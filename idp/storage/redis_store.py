"""The ephemeral store in Redis or Valkey: one round trip per verb, and never more than a moment of waiting.

Invariant: no hidden retries (the library's default is ten, four seconds in all) and both timeouts set, so that a dead
or hanging server costs some 50 ms per call. Keys carry a hash tag, ready for a cluster. The library's connections are
used without its client, which costs more than the round trip (docs/performance.md).
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from typing_extensions import override

from idp.storage.ephemeral import EphemeralStore, EphemeralUnavailable, require_short

TIMEOUT_SECONDS = 0.05
CONNECTIONS = 64
"""More than a process has threads."""

TRUSTED_SECONDS = 0.02
"""A connection that answered this short a time ago is used without a look: no server restarts within it."""


# The library annotates its connections in part only.
_Connection = Any


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
        self._resting: deque[tuple[_Connection, float]] = deque()

    @override
    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        require_short(seconds)
        self._ask("SET", _name(key), value, "PX", _milliseconds(seconds))

    @override
    def get(self, key: str) -> bytes | None:
        return cast("bytes | None", self._ask("GET", _name(key)))

    @override
    def take(self, key: str) -> bytes | None:
        return cast("bytes | None", self._ask("GETDEL", _name(key)))

    @override
    def delete(self, key: str) -> None:
        self._ask("DEL", _name(key))

    @override
    def add(self, key: str, *, amount: int = 1, seconds: float) -> int:
        with _unavailable():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.set(_name(key), 0, px=_milliseconds(seconds), nx=True)
            pipeline.incrby(_name(key), amount)
            return int(pipeline.execute()[-1])

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        while self._resting:
            self._resting.pop()[0].disconnect()
        self._redis.close()

    def _ask(self, *command: str | bytes | int) -> Any:  # noqa: ANN401 - what the command answers
        try:
            connection: _Connection = self._rested() or self._redis.connection_pool.make_connection()
            try:
                connection.send_packed_command(connection.pack_command(*command), check_health=False)
                answer = connection.read_response(disable_decoding=True)
            except BaseException:
                # Nobody knows what it would answer next, and to whom.
                connection.disconnect()
                raise
        except (RedisError, OSError) as error:
            raise EphemeralUnavailable(type(error).__name__) from error
        self._resting.append((connection, time.monotonic()))
        return answer

    def _rested(self) -> _Connection | None:
        """Give the connection used last, unless its server has hung up meanwhile."""
        while self._resting:
            try:
                connection, used_at = self._resting.pop()
            except IndexError:
                return None
            if time.monotonic() - used_at < TRUSTED_SECONDS or not _has_news(connection):
                return connection
            connection.disconnect()
        return None


def _name(key: str) -> str:
    return f"idp:{{{key}}}"


def _milliseconds(seconds: float) -> int:
    """Redis refuses lifetimes of nothing."""
    return max(1, round(seconds * 1000))


def _has_news(connection: _Connection) -> bool:
    """Say whether an idle server has said something: goodbye, usually."""
    try:
        return bool(connection.can_read(0))
    except (RedisError, OSError):
        return True


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise EphemeralUnavailable(type(error).__name__) from error
