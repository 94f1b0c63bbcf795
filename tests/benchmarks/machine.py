"""The machine that is measured: its cores, how they are shared out, and what it must be called in the report.

The app has the last core for itself, whatever drives it has the others; with one core everything shares it, and only
the figures per CPU second mean something.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
APP_CORES = frozenset(CORES[-1:])
DRIVER_CORES = frozenset(CORES[:-1] or CORES)
PACKAGES = ("granian", "Flask", "Authlib", "SQLAlchemy", "psycopg", "redis", "cryptography", "argon2-cffi-bindings")


def on_cores(cores: frozenset[int], arguments: Sequence[str | Path]) -> list[str]:
    """Give the command that runs another one on some cores."""
    listed = ",".join(map(str, sorted(cores)))
    pin = (
        "import os, sys; os.sched_setaffinity(0, map(int, sys.argv[1].split(','))); os.execv(sys.argv[2], sys.argv[2:])"
    )
    return [sys.executable, "-c", pin, listed, *map(str, arguments)]


def described() -> dict[str, str]:
    """Describe the machine and what runs on it."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": str(len(CORES)),
        "memory": _first("/proc/meminfo", "MemTotal"),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "commit": _said(["git", "rev-parse", "--short", "HEAD"]),
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def busy_fraction() -> Callable[[], float]:
    """Start watching; the function it gives says which part of all cores was busy since, with anything at all."""
    begun = _cpu_times()

    def measure() -> float:
        idle, total = (now - then for now, then in zip(_cpu_times(), begun, strict=True))
        return 1 - idle / max(1, total)

    return measure


def _cpu_times() -> tuple[int, int]:
    times = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return times[3] + times[4], sum(times)


def _first(file: str, name: str) -> str:
    lines = Path(file).read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _said(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
