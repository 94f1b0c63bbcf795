"""What one sign-in costs in round trips, as the servers themselves count it; tests/protocol counts statements exactly.

PostgreSQL numbers transactions that write, Valkey counts commands. Both are read around sign-ins that run one after the
other; what the service does by itself meanwhile is measured first and taken off.
"""

import asyncio
import time

import psycopg
import redis

from tests.benchmarks.bench import Bench
from tests.benchmarks.login import collect
from tests.benchmarks.settled import SCOPE

LOGINS = 40
QUIET_SECONDS = 3.0


def trips_per_login(bench: Bench) -> dict[str, float]:
    """Give transactions and Redis commands per sign-in, code exchange included."""
    before, begun = _counts(bench), time.monotonic()
    time.sleep(QUIET_SECONDS)
    quiet, rested = _counts(bench), time.monotonic() - begun
    begun = time.monotonic()
    asyncio.run(collect(bench.ours.cheap.address, bench.ours.authorize, LOGINS, SCOPE))
    after, took = _counts(bench), time.monotonic() - begun
    by_itself = {name: (quiet[name] - before[name]) / rested * took for name in before}
    return {name: round((after[name] - quiet[name] - by_itself[name]) / LOGINS, 1) for name in before}


def _counts(bench: Bench) -> dict[str, float]:
    with psycopg.connect(bench.postgresql.url(), autocommit=True) as connection:
        row = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
    with redis.Redis.from_url(bench.valkey.url(), decode_responses=True) as client:
        info = client.info("stats")
    assert row is not None
    return {"writing transactions": float(row[0]), "redis commands": float(info["total_commands_processed"])}
