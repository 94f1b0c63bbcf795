"""What the private servers of tests have in common: a port of their own, a start that waits, and two ways to end.

A port that was free a moment ago may be taken when the server comes to it; it then starts again on another.
"""

import secrets
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from tests.support.processes import free_port, stop

LOOK_SECONDS = 0.01


class PrivateServer(ABC):
    """One server, with what it keeps in a folder of its own; a start after `stop` or `kill` is on the same port."""

    name: ClassVar[str]
    start_seconds: ClassVar[float]
    port_is_taken: ClassVar[str]
    """What its log says then."""
    stops_at: ClassVar[signal.Signals]
    dies_at: ClassVar[signal.Signals]

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "log"
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def open(self) -> Self:
        """Make what the server needs and start it; returns itself."""
        self.start()
        return self

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.port = self.port or free_port()
        while not self._try_start():
            self.port = free_port()

    def stop(self) -> None:
        """Stop as an operator would."""
        self._end(self.stops_at)

    def kill(self) -> None:
        """Stop without a word to anyone."""
        self._end(self.dies_at)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @abstractmethod
    def _begin(self) -> subprocess.Popen[bytes]:
        """Start the process, on `self.port`."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server answers by now."""

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            stop(self._process, how)
            self._process = None

    def _try_start(self) -> bool:
        self._process = self._begin()
        until = time.monotonic() + self.start_seconds
        while time.monotonic() < until:
            if self._answers():
                return True
            if self._process.poll() is not None:
                log = self._log.read_text()
                if self.port_is_taken in log:
                    return False
                raise RuntimeError(f"{self.name} did not start: {log}")
            time.sleep(LOOK_SECONDS)
        raise RuntimeError(f"{self.name} does not answer: {self._log.read_text()}")
