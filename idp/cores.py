"""How many cores this process may use: in a container or under taskset fewer than the machine has."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Give the number of cores that the scheduler lets this process run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
