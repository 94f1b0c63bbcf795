"""Races: many threads, or many processes, doing one thing at the same moment."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.schema import check_schema, upgrade
from idp.storage.spent import AlreadySpent, spend

Outcome = TypeVar("Outcome")


def at_once(threads: int, act: Callable[[], Outcome]) -> list[Outcome]:
    """Call `act` in that many threads at once; returns what each returned."""
    barrier = Barrier(threads)

    def run() -> Outcome:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(threads) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(threads)]]


def spend_once(database: Database, artifact: str) -> bool:
    """Spend the artifact; returns whether this call was the one that did."""
    try:
        with database.writing() as connection:
            spend(connection, kind="race", artifact=artifact, expires_at=10.0, now=1.0)
    except AlreadySpent:
        return False
    return True


def spend_in_processes(url: str, artifacts: Sequence[str], *, processes: int, threads: int) -> list[str]:
    """Spend each artifact in every thread of every process; returns the artifacts of those that succeeded."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes)
    with context.Pool(processes, _keep_barrier, (ready,)) as pool:
        won = pool.starmap(_spend_in_threads, [(url, artifacts, threads)] * processes, chunksize=1)
    return [artifact for of_process in won for artifact in of_process]


def upgrade_in_processes(url: str, *, processes: int) -> None:
    """Bring one database up to date from several processes at once."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes)
    with context.Pool(processes, _keep_barrier, (ready,)) as pool:
        pool.map(_upgrade, [url] * processes, chunksize=1)


def _keep_barrier(barrier: Barrier) -> None:
    global _all_ready  # noqa: PLW0603 - barriers reach a pool's processes by inheritance alone
    _all_ready = barrier


def _spend_in_threads(url: str, artifacts: Sequence[str], threads: int) -> list[str]:
    database = Database(open_engine(url, pool_size=threads))
    _all_ready.wait()
    won = [artifact for artifact in artifacts if any(at_once(threads, partial(spend_once, database, artifact)))]
    database.engine.dispose()
    return won


def _upgrade(url: str) -> None:
    engine = open_engine(url)
    _all_ready.wait()
    upgrade(engine)
    check_schema(engine)
    engine.dispose()


_all_ready: Barrier
