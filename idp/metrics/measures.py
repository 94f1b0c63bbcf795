"""What is measured rather than counted: how old the process's view is, its clock, what waits, what is degraded."""

from __future__ import annotations

from idp.audit.batch import TrailWriter
from idp.metrics.meters import Meters
from idp.storage.ephemeral import EphemeralStore
from idp.storage.fallback_store import FallbackStore
from idp.storage.handles import Clock
from idp.storage.watch import Watch


def measure_health(meters: Meters, *, watch: Watch, trail: TrailWriter, store: EphemeralStore, clock: Clock) -> None:
    """Have the gauges of one process set once a second."""

    def measure() -> None:
        meters.view_age.set(watch.age(clock()))
        meters.clock_skew.set(watch.skew_seconds)
        meters.trail_waiting.set(trail.waiting)
        meters.store_degraded.set(float(isinstance(store, FallbackStore) and store.degraded))

    meters.tally.measure(measure)
