"""A real `idp serve` in processes of its own, for tests that need what an operator and an app meet.

    with served_issuer(postgresql_url, valkey_url, workers=2) as issuer:
        requests.get(f"{issuer.address}/jwks")

`served_issuer` brings the schema up to date, makes keys, a confidential client with every grant and an account, starts
the server on a free port and waits until it is ready. What it gives:

`address` (which is also the issuer's `iss`), `port`, `management` (the address of /metrics), `client_id`,
`client_secret`, `redirect_uri`, `user_id`, `password`; `process`, `log()` (all it has said), `stop(seconds)` (SIGTERM;
returns the exit code), `workers()` and `housekeeper()` (psutil processes), `environment` and `run("doctor", …)` for
further commands on the same service, `start()` to start it again after a stop. Settings go by their names:
`served_issuer(url, log_level="debug", threads=64)`; hashing is cheap unless `password_hashing="owasp"` is given.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.support.folders import new_folder
from tests.support.processes import free_port, start

ROOT = Path(__file__).parents[2]
IDP = (sys.executable, "-m", "idp.cli")
PASSWORD = "correct horse battery staple 7"
SECRET = "a-secret-of-the-app-which-is-long-enough-for-all"
REDIRECT_URI = "http://127.0.0.1:9/callback"
START_SECONDS = 30.0
STOP_SECONDS = 20.0


@dataclass(kw_only=True)
class ServedIssuer:
    """One running `idp serve`, and who may use it."""

    folder: Path
    port: int
    management_port: int
    environment: dict[str, str]
    workers_wanted: int = 1
    client_id: str = "app"
    client_secret: str = SECRET
    redirect_uri: str = REDIRECT_URI
    user_id: str = "dana"
    password: str = PASSWORD
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def address(self) -> str:
        """The issuer: where requests go, and the `iss` of every token."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def management(self) -> str:
        """Where the housekeeper answers."""
        return f"http://127.0.0.1:{self.management_port}"

    def start(self) -> None:
        """Start the server and wait until it is ready (and its housekeeper too)."""
        self.launch()
        self.wait_for(f"{self.address}/readyz")
        self.wait_for(f"{self.management}/readyz")
        until = time.monotonic() + START_SECONDS
        while len(self.workers()) < self.workers_wanted and time.monotonic() < until:
            time.sleep(0.01)

    def launch(self) -> None:
        """Start the server without waiting for it."""
        arguments = [*IDP, "serve", "--bind", f"127.0.0.1:{self.port}", "--workers", str(self.workers_wanted)]
        self.process = start(arguments, folder=ROOT, log=self.folder / "log", environment=self.environment)

    def wait_for(self, address: str, *, seconds: float = START_SECONDS) -> None:
        """Wait until an address answers 200."""
        until = time.monotonic() + seconds
        while not _answers(address):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"idp serve is not ready: {self.log()}")
            time.sleep(0.01)

    def stop(self, seconds: float = STOP_SECONDS, *, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop the server as an operator would; returns its exit code. It is killed when it takes longer."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
            self.process.kill()
            return self.process.wait()

    def workers(self) -> list[psutil.Process]:
        """Give the request workers that run now: those that listen on the port."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if self.port in _listening(child)]

    def housekeeper(self) -> psutil.Process:
        """Give the housekeeper's process: the one that listens on the management port."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if self.management_port in _listening(child))

    def log(self) -> str:
        """Give what the server's processes have said so far."""
        file = self.folder / "log"
        return file.read_text() if file.exists() else ""

    def run(self, *arguments: str, changes: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run another command of `idp` on this service."""
        return run_idp(*arguments, environment=self.environment | dict(changes or {}))


def run_idp(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command of `idp` to its end."""
    return subprocess.run(
        [*IDP, *arguments], cwd=ROOT, env=dict(environment), capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def served_issuer(
    database_url: str, redis_url: str | None = None, workers: int = 1, **settings: object
) -> Iterator[ServedIssuer]:
    """Serve an issuer on this database (with or without the schema) and, if given, this Redis or Valkey."""
    with prepared_issuer(database_url, redis_url, workers, **settings) as issuer:
        try:
            issuer.start()
            yield issuer
        finally:
            issuer.stop()


@contextmanager
def prepared_issuer(
    database_url: str, redis_url: str | None = None, workers: int = 1, **settings: object
) -> Iterator[ServedIssuer]:
    """Prepare everything that `served_issuer` does, without starting the server."""
    folder = new_folder("idp-served-")
    port, management_port = free_port(), free_port()
    values = {
        "mode": "development",
        "issuer": f"http://127.0.0.1:{port}",
        "database_url": database_url,
        "redis_url": redis_url,
        "pick_up_hours": 0,
        "kek_file": folder / "kek",
        "management_bind": f"127.0.0.1:{management_port}",
        "password_hashing": "cheapest-for-tests-only",
        "signing_algs": "ES256,RS256",
    } | settings
    issuer = ServedIssuer(
        folder=folder,
        port=port,
        management_port=management_port,
        environment=environment_of(values),
        workers_wanted=workers,
    )
    try:
        furnish(issuer)
        yield issuer
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment_of(settings: Mapping[str, object]) -> dict[str, str]:
    """Give the environment of a process with these settings and none of this one's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "PROMETHEUS_"))}
    return kept | {f"IDP_{name.upper()}": str(value) for name, value in settings.items() if value is not None}


def furnish(issuer: ServedIssuer) -> None:
    """Make the schema, the keys, the client and the account in a process of the service's own."""
    program = [sys.executable, "-m", "tests.support.furnish", issuer.client_id, issuer.client_secret]
    program += [issuer.redirect_uri, issuer.user_id, issuer.password]
    done = subprocess.run(program, cwd=ROOT, env=issuer.environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the issuer could not be furnished: {done.stderr}")


def metric(text: str, name: str, **labels: str) -> float:
    """Read one number out of the text of /metrics; 0.0 when it is not there."""
    for found in re.finditer(rf"^{name}(?:{{([^}}]*)}})? (\S+)$", text, re.MULTILINE):
        there = dict(re.findall(r'(\w+)="([^"]*)"', found[1] or ""))
        if there == labels:
            return float(found[2])
    return 0.0


def fetch(address: str) -> tuple[int, str]:
    """GET an address; gives status and body."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - addresses of the test's own servers
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def lines_of(log: str) -> list[dict[str, object]]:
    """Read a log of JSON lines."""
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def _answers(address: str) -> bool:
    try:
        return fetch(address)[0] == 200
    except OSError:
        return False


def _listening(process: psutil.Process) -> set[int]:
    try:
        connections = process.net_connections("tcp")
    except psutil.Error:
        return set()
    return {found.laddr.port for found in connections if found.status == psutil.CONN_LISTEN}
