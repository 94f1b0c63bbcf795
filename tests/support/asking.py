"""Ask a service many things while something is wrong with it, and take down status and seconds of each answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import Client, TestResponse

from idp.app import Service

_log = logging.getLogger("measured")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    seconds: float
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)


def timed(ask: Callable[[], TestResponse]) -> Answer:
    """Ask once."""
    started = time.monotonic()
    response = ask()
    body = response.get_json(silent=True) if response.is_json else response.text
    response.close()
    return Answer(response.status_code, time.monotonic() - started, dict(response.headers), body)


def all_at_once(asks: Iterable[Callable[[], TestResponse]]) -> list[Answer]:
    """Ask everything at the same time; answers in the order of the questions."""
    questions = list(asks)
    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(timed, questions))


def get(service: Service, path: str) -> Answer:
    """GET a path of a service in this process."""
    return timed(lambda: Client(service.front).get(path, base_url=service.settings.issuer))


def seconds_until(holds: Callable[[], bool], *, most: float, every: float = 0.05) -> float:
    """Wait until something holds; gives how long it took.

    Raises:
        AssertionError: it did not within `most` seconds.
    """
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < most, f"not within {most} s"
        time.sleep(every)
    return time.monotonic() - started


def measured(what: str, figure: float, unit: str = "s") -> None:
    """Note a figure: `pytest -o log_cli=true --log-cli-level=info` shows them."""
    _log.info("%s: %.3f %s", what, figure, unit)


def percentile(answers: Iterable[Answer], share: float) -> float:
    """Give the seconds within which this share of the answers came."""
    waits = sorted(answer.seconds for answer in answers)
    return waits[min(len(waits) - 1, int(len(waits) * share))]
