"""A server under measurement: started on its core, asked over loopback, its CPU time and memory read from /proc.

CPU time is that of the server's whole process tree, user and system; memory is PSS, which counts a shared page once.
"""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests.benchmarks.machine import APP_CORES, on_cores
from tests.support.processes import free_port, start, stop

START_SECONDS = 20.0
_TICK = os.sysconf("SC_CLK_TCK")


class Served:
    """One running server."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int, started_in: float) -> None:
        self.name = name
        self.port = port
        self.started_in = started_in
        """Seconds from the start of the process to the first 200."""
        self._process = process

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Give the CPU seconds that its processes have spent."""
        return sum(map(_cpu_ticks, self._pids())) / _TICK

    def memory_mb(self) -> tuple[float, float]:
        """Give the memory of all its processes, and that of the largest, in MB (PSS)."""
        each = [_pss_kb(pid) / 1024 for pid in self._pids()]
        return sum(each), max(each)

    def stop(self) -> None:
        """End it."""
        stop(self._process, signal.SIGTERM)

    def _pids(self) -> list[int]:
        main = psutil.Process(self._process.pid)
        return [main.pid, *(child.pid for child in main.children(recursive=True))]


def serve(
    name: str,
    arguments: Sequence[str | Path],
    *,
    port: int,
    probe: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Served:
    """Start a server on the app's core and wait for its first 200 at `probe`.

    Raises:
        RuntimeError: it did not come up; with what it said.
    """
    log = folder / f"{name}.log"
    begun = time.perf_counter()
    process = start(
        on_cores(APP_CORES, arguments), folder=folder, log=log, environment={**os.environ, **(environment or {})}
    )
    while time.perf_counter() - begun < START_SECONDS and process.poll() is None:
        if _answers(port, probe):
            return Served(name, process, port, time.perf_counter() - begun)
        time.sleep(0.01)
    stop(process, signal.SIGKILL)
    raise RuntimeError(f"{name} did not start: {log.read_text()[-2000:]}")


def new_port() -> int:
    """Give a port for a server."""
    return free_port()


def _answers(port: int, probe: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", probe)
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def _cpu_ticks(pid: int) -> int:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0


def _pss_kb(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
