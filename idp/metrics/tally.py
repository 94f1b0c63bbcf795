"""Samples on their way into the metrics: noted by requests for next to nothing, added up by a thread once a second.

A metric shared between processes costs two microseconds and a lock at each touch, a tenth of what a token costs; a
deque costs fifty nanoseconds. A crash loses the last second's samples; of more than `MOST_WAITING`, the oldest go.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from threading import Event, Thread

import prometheus_client

PERIOD_SECONDS = 1.0
MOST_WAITING = 200_000

Labels = tuple[str, ...]

log = logging.getLogger("idp.metrics")


class Histogram(prometheus_client.Histogram):
    """A histogram that takes many observations at once."""

    def observe_all(self, values: Sequence[float]) -> None:
        """Add up the values and touch each bucket once."""
        self._sum.inc(sum(values))
        for place, count in Counter(bisect_left(self._upper_bounds, value) for value in values).items():
            self._buckets[place].inc(count)


class Tally:
    """Collects samples and adds them to their metrics; `measures` are called before each adding up, to set gauges."""

    def __init__(self) -> None:
        self._counts: deque[tuple[prometheus_client.Counter, Labels, float]] = deque(maxlen=MOST_WAITING)
        self._times: deque[tuple[Histogram, Labels, float]] = deque(maxlen=MOST_WAITING)
        self._measures: list[Callable[[], None]] = []
        self._stop = Event()
        self._thread: Thread | None = None

    def count(self, counter: prometheus_client.Counter, *labels: str, by: float = 1.0) -> None:
        """Note that something happened."""
        self._counts.append((counter, labels, by))

    def time(self, histogram: Histogram, seconds: float, *labels: str) -> None:
        """Note how long something took."""
        self._times.append((histogram, labels, seconds))

    def measure(self, how: Callable[[], None]) -> None:
        """Have this called before each adding up, once a second: to set gauges, or to note what was kept elsewhere."""
        self._measures.append(how)

    def start(self) -> None:
        """Add up once a second from now on."""
        self._stop.clear()
        self._thread = Thread(target=self._run, name="idp-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and add up what is left."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.add_up()

    def add_up(self) -> None:
        """Take in what has been noted so far."""
        for how in self._measures:
            how()
        sums: dict[tuple[prometheus_client.Counter, Labels], float] = defaultdict(float)
        for _ in range(len(self._counts)):
            counter, labels, by = self._counts.popleft()
            sums[counter, labels] += by
        for (counter, labels), total in sums.items():
            (counter.labels(*labels) if labels else counter).inc(total)
        self._add_up_times()

    def _add_up_times(self) -> None:
        values: dict[tuple[Histogram, Labels], list[float]] = defaultdict(list)
        for _ in range(len(self._times)):
            histogram, labels, seconds = self._times.popleft()
            values[histogram, labels].append(seconds)
        for (histogram, labels), observed in values.items():
            (histogram.labels(*labels) if labels else histogram).observe_all(observed)

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_SECONDS):
            try:
                self.add_up()
            except Exception:
                log.exception("the metrics could not be added up")
