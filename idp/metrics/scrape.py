"""The text of /metrics: the numbers of every process that shares the folder, or else this process's own."""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from idp.metrics.exposition import FOLDER
from idp.metrics.meters import Meters


def scrape(meters: Meters) -> tuple[int, str, bytes]:
    """Give status, content type and body of one scrape."""
    folder = os.environ.get(FOLDER)
    registry = meters.registry
    if folder:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return 200, CONTENT_TYPE_LATEST, generate_latest(registry)
