"""The ephemeral store: one contract for Redis, for SQL on both databases, and for Redis with SQL behind it."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import redis

from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.ephemeral import LONGEST_SECONDS, EphemeralStore
from idp.storage.fallback_store import FallbackStore
from idp.storage.prune import prune
from idp.storage.redis_store import RedisStore
from idp.storage.sql_store import SqlStore
from tests.support.racing import at_once

PATIENT = 5.0
"""A machine busy with other tests may take longer than production's 50 ms; the contract is not about that."""


@pytest.fixture(params=["redis", "sqlite", "postgresql", "fallback", "fallback, Redis away"])
def store(request: pytest.FixtureRequest) -> Iterator[EphemeralStore]:
    """Give each kind of store, empty."""
    kind = request.param
    if kind == "redis":
        yield RedisStore(request.getfixturevalue("valkey_url"), timeout=PATIENT)
        return
    url = request.getfixturevalue("postgresql_url" if kind == "postgresql" else "sqlite_url")
    database = Database(open_engine(url, pool_size=32))
    sql = SqlStore(database, time.time)
    if kind == "fallback":
        yield FallbackStore(RedisStore(request.getfixturevalue("valkey_url"), timeout=PATIENT), sql, time.time)
    elif kind == "fallback, Redis away":
        yield FallbackStore(RedisStore("redis://127.0.0.1:1/0"), sql, time.time)
    else:
        yield sql
    database.engine.dispose()


def test_a_value_is_kept(store: EphemeralStore) -> None:
    """What was put can be read, more than once, byte by byte."""
    value = bytes(range(256))
    store.put("journey:a", value, seconds=60)
    assert [value, value] == [store.get("journey:a"), store.get("journey:a")]


def test_what_was_never_put_is_none(store: EphemeralStore) -> None:
    """Missing is None, for every way of asking; deleting it is no error."""
    assert [None, None] == [store.get("a"), store.take("a")]
    store.delete("a")


def test_the_last_value_counts(store: EphemeralStore) -> None:
    """A second put replaces the value and its lifetime."""
    store.put("a", b"1", seconds=0.2)
    store.put("a", b"2", seconds=60)
    time.sleep(0.3)
    assert b"2" == store.get("a")


def test_a_value_expires(store: EphemeralStore) -> None:
    """After its time it is gone, for every way of asking."""
    store.put("a", b"1", seconds=0.2)
    store.put("b", b"1", seconds=0.2)
    time.sleep(0.3)
    assert [None, None] == [store.get("a"), store.take("b")]


def test_a_deleted_value_is_gone(store: EphemeralStore) -> None:
    """Deleting ends values and counters, and the key can be used again."""
    store.put("a", b"1", seconds=60)
    store.delete("a")
    assert store.get("a") is None
    store.put("a", b"2", seconds=60)
    assert b"2" == store.get("a")


def test_a_value_is_taken_once(store: EphemeralStore) -> None:
    """The second taker, and every reader, finds nothing; what is put afterwards is a new value."""
    store.put("a", b"1", seconds=60)
    assert [b"1", None, None] == [store.take("a"), store.take("a"), store.get("a")]
    store.put("a", b"2", seconds=60)
    assert b"2" == store.take("a")


def test_of_thirty_two_takers_one_gets_it(store: EphemeralStore) -> None:
    """However many ask at the same moment, the value is given out once; thrice."""
    for value in (b"1", b"2", b"3"):
        store.put("a", value, seconds=60)
        taken = at_once(32, partial(store.take, "a"))
        assert [value] == [one for one in taken if one is not None]


def test_keys_are_separate(store: EphemeralStore) -> None:
    """Keys that look alike to a pattern or a hash tag are different keys."""
    keys = ["a", "a:b", "{a}", "a}", "a*", "A", "ä"]
    for key in keys:
        store.put(key, key.encode(), seconds=60)
    assert [key.encode() for key in keys] == [store.get(key) for key in keys]


def test_counting(store: EphemeralStore) -> None:
    """Each add returns the count so far; nothing is counted by adding nothing."""
    assert [1, 2, 5, 5] == [
        store.add("a", seconds=60),
        store.add("a", seconds=60),
        store.add("a", amount=3, seconds=60),
        store.add("a", amount=0, seconds=60),
    ]


def test_a_window_starts_with_the_first_add(store: EphemeralStore) -> None:
    """Later adds do not prolong the window; after it the count starts again."""
    store.add("a", seconds=1)
    time.sleep(0.6)
    assert 2 == store.add("a", seconds=1)
    time.sleep(0.6)
    assert 1 == store.add("a", seconds=1)


def test_no_add_is_lost(store: EphemeralStore) -> None:
    """Thirty-two threads that count at once are all counted, each with a number of its own."""
    assert list(range(1, 33)) == sorted(at_once(32, partial(store.add, "a", seconds=60)))


def test_a_counter_can_be_deleted(store: EphemeralStore) -> None:
    """After it the count starts again."""
    store.add("a", amount=7, seconds=60)
    store.delete("a")
    assert 1 == store.add("a", seconds=60)


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_SECONDS + 1])
def test_lifetimes_are_bounded(store: EphemeralStore, seconds: float) -> None:
    """What would live for hours is not ephemeral, whichever store carries it today."""
    with pytest.raises(ValueError, match="an ephemeral value lives"):
        store.put("a", b"1", seconds=seconds)


def test_redis_keys_are_ready_for_a_cluster(valkey_url: str) -> None:
    """Each key is its own hash tag, under one prefix, and has a lifetime from its first moment."""
    store = RedisStore(valkey_url, timeout=PATIENT)
    store.put("journey:a", b"1", seconds=60)
    store.add("budget:a", seconds=60)
    with redis.Redis.from_url(valkey_url) as client:
        keys = sorted(client.keys())
        assert [b"idp:{budget:a}", b"idp:{journey:a}"] == keys
        assert all(0 < client.pttl(key) <= 60_000 for key in keys)


def test_expired_rows_are_pruned(database: Database, clock: Callable[[], float]) -> None:
    """The SQL table does not keep what nobody can read any more."""
    store = SqlStore(database, clock)
    store.put("a", b"1", seconds=10)
    store.put("b", b"1", seconds=30)
    assert 1 == prune(database, clock() + 20)["ephemeral"]
    assert b"1" == store.get("b")
