"""Redis killed, restarted, flushed, hung and half-open: a bounded wait, and sign-ins that go on (F08, F09, F10)."""

import time
from collections.abc import Callable, Iterator

import pytest
import redis
from typing_extensions import override

from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.ephemeral import EphemeralStore, EphemeralUnavailable
from idp.storage.fallback_store import CAREFUL_SECONDS, REST_SECONDS, FallbackStore
from idp.storage.redis_store import RedisStore
from idp.storage.sql_store import SqlStore
from tests.support.clock import SettableClock
from tests.support.racing import at_once
from tests.support.silence import silent_server
from tests.support.valkey import ValkeyServer

VERBS: dict[str, Callable[[EphemeralStore], object]] = {
    "put": lambda store: store.put("a", b"1", seconds=60),
    "get": lambda store: store.get("a"),
    "take": lambda store: store.take("a"),
    "delete": lambda store: store.delete("a"),
    "add": lambda store: store.add("a", seconds=60),
}


@pytest.fixture
def sql(sqlite_url: str, clock: SettableClock) -> Iterator[SqlStore]:
    """Give the sure store."""
    database = Database(open_engine(sqlite_url))
    yield SqlStore(database, clock)
    database.engine.dispose()


@pytest.fixture
def fallback(private_valkey: ValkeyServer, sql: SqlStore, clock: SettableClock) -> FallbackStore:
    """Give Redis on a server of the test's own, with SQL behind it."""
    return FallbackStore(RedisStore(private_valkey.url(), timeout=0.5), sql, clock)


@pytest.mark.alone
@pytest.mark.parametrize("verb", VERBS)
def test_a_silent_redis_costs_a_moment(verb: str) -> None:
    """F10: a peer that accepts and never answers is given up after some 50 ms; nothing retries behind our back."""
    with silent_server() as port:
        store = RedisStore(f"redis://127.0.0.1:{port}/0")
        for _ in range(2):
            started = time.monotonic()
            with pytest.raises(EphemeralUnavailable):
                VERBS[verb](store)
            assert 0.5 > time.monotonic() - started


@pytest.mark.alone
@pytest.mark.parametrize("verb", VERBS)
def test_a_dead_redis_costs_nothing(verb: str) -> None:
    """A refused connection is an outage at once."""
    started = time.monotonic()
    with pytest.raises(EphemeralUnavailable):
        VERBS[verb](RedisStore("redis://127.0.0.1:1/0"))
    assert 0.5 > time.monotonic() - started


def test_a_restarted_redis_fails_nothing_afterwards(private_valkey: ValkeyServer) -> None:
    """Connections that died with the old server are replaced unnoticed."""
    store = RedisStore(private_valkey.url(), timeout=5)
    at_once(8, lambda: store.put("a", b"1", seconds=60))
    private_valkey.kill()
    private_valkey.start()
    at_once(8, lambda: store.put("a", b"2", seconds=60))
    assert b"2" == store.get("a")


def test_a_flush_loses_values_and_nothing_else(private_valkey: ValkeyServer) -> None:
    """F09: after FLUSHALL everything ephemeral is gone, and the store serves on."""
    store = RedisStore(private_valkey.url(), timeout=5)
    store.put("a", b"1", seconds=60)
    store.add("b", seconds=60)
    with redis.Redis.from_url(private_valkey.url()) as client:
        client.flushall()
    assert [None, 1] == [store.get("a"), store.add("b", seconds=60)]


def test_a_journey_begun_while_redis_is_away_ends(
    private_valkey: ValkeyServer, fallback: FallbackStore, clock: SettableClock
) -> None:
    """F08: with Redis killed every verb works, and what was written then can be used after Redis is back."""
    private_valkey.kill()
    fallback.put("journey", b"1", seconds=600)
    assert b"1" == fallback.get("journey")
    assert [1, 2] == [fallback.add("budget", seconds=60), fallback.add("budget", seconds=60)]
    private_valkey.start()
    clock.advance(REST_SECONDS + 0.1)
    assert [b"1", b"1", None] == [fallback.get("journey"), fallback.take("journey"), fallback.take("journey")]


@pytest.mark.alone
def test_redis_is_left_alone_for_a_second(sql: SqlStore, clock: SettableClock) -> None:
    """After one timeout the next calls cost none, until a second has passed; then one call tries again."""
    with silent_server() as port:
        fallback = FallbackStore(RedisStore(f"redis://127.0.0.1:{port}/0"), sql, clock)
        fallback.put("a", b"1", seconds=60)
        started = time.monotonic()
        for _ in range(20):
            assert b"1" == fallback.get("a")
        assert 0.5 > time.monotonic() - started
        clock.advance(REST_SECONDS + 0.1)
        states = [fallback.degraded]
        fallback.add("b", seconds=60)
        assert [False, True] == [*states, fallback.degraded]


def test_a_clock_set_back_does_not_keep_redis_away(
    private_valkey: ValkeyServer, fallback: FallbackStore, clock: SettableClock
) -> None:
    """The rest after a failure is a second, not until a time that is now far ahead."""
    private_valkey.kill()
    fallback.put("a", b"1", seconds=60)
    private_valkey.start()
    clock.advance(-3600)
    fallback.put("b", b"1", seconds=60)
    assert b"1" == RedisStore(private_valkey.url(), timeout=5).get("b")


def test_no_older_value_comes_back_with_redis(
    private_valkey: ValkeyServer, fallback: FallbackStore, clock: SettableClock
) -> None:
    """A hung Redis that wakes up still holds the first value; the one written meanwhile counts, for every verb."""
    for key in ("read", "taken", "deleted", "written"):
        fallback.put(key, b"old", seconds=600)
    with private_valkey.paused():
        for key in ("read", "taken", "deleted", "written"):
            fallback.put(key, b"new", seconds=600)
        assert b"new" == fallback.take("taken")
        fallback.delete("deleted")
    clock.advance(REST_SECONDS + 0.1)
    fallback.put("written", b"newest", seconds=600)
    assert [b"new", None, None, b"newest"] == [fallback.get(key) for key in ("read", "taken", "deleted", "written")]
    assert [None, None] == [fallback.take("taken"), fallback.take("deleted")]
    assert [b"new", None] == [fallback.take("read"), fallback.take("read")]
    assert [b"newest", None] == [fallback.take("written"), fallback.take("written")]


def test_one_taker_wins_across_both_stores(
    private_valkey: ValkeyServer, fallback: FallbackStore, clock: SettableClock
) -> None:
    """Redis holds an older copy and SQL the newer one: thirty-two takers get the newer one, once."""
    fallback.put("a", b"old", seconds=600)
    with private_valkey.paused():
        fallback.put("a", b"new", seconds=600)
    clock.advance(REST_SECONDS + 0.1)
    assert [b"new"] == [one for one in at_once(32, lambda: fallback.take("a")) if one is not None]


def test_other_processes_learn_of_an_outage(private_valkey: ValkeyServer, sql: SqlStore, clock: SettableClock) -> None:
    """A process that met no failure itself reads what another one wrote to SQL, when told or when it starts."""
    other = FallbackStore(RedisStore(private_valkey.url(), timeout=5), sql, clock)
    other.put("a", b"old", seconds=600)
    first = FallbackStore(RedisStore(private_valkey.url()), sql, clock, announce=other.look_around)
    with private_valkey.paused():
        first.put("a", b"new", seconds=600)
    late = FallbackStore(RedisStore(private_valkey.url(), timeout=5), sql, clock)
    assert [b"new", b"new"] == [other.get("a"), late.get("a")]


def test_sql_is_not_asked_when_all_is_well(private_valkey: ValkeyServer, sql: SqlStore, clock: SettableClock) -> None:
    """With Redis there, and its last failure long past, no verb costs a statement."""
    fallback = FallbackStore(RedisStore(private_valkey.url(), timeout=5), _Once(sql), clock)
    for verb in VERBS.values():
        verb(fallback)


def test_carefulness_ends(private_valkey: ValkeyServer, fallback: FallbackStore, clock: SettableClock) -> None:
    """An hour after the last failure everything written to SQL has expired, and Redis alone is asked again."""
    private_valkey.kill()
    fallback.put("a", b"1", seconds=3600)
    private_valkey.start()
    clock.advance(CAREFUL_SECONDS + 1)
    assert fallback.get("a") is None
    fallback.put("a", b"2", seconds=60)
    assert b"2" == fallback.get("a")


def test_both_away_is_an_outage(clock: SettableClock, tmp_path: object) -> None:
    """With neither store there is nothing to fall back to, and the caller is told."""
    nowhere = Database(open_engine(f"sqlite:///{tmp_path}/missing/idp.sqlite"))
    fallback = FallbackStore(RedisStore("redis://127.0.0.1:1/0"), SqlStore(nowhere, clock), clock)
    for verb in VERBS.values():
        with pytest.raises(EphemeralUnavailable):
            verb(fallback)


class _Once(SqlStore):
    """A SQL store that answers the one question of the start."""

    def __init__(self, store: SqlStore) -> None:
        self._asked = False
        self._store = store

    @override
    def get(self, key: str) -> bytes | None:
        assert not self._asked
        self._asked = True
        return self._store.get(key)
