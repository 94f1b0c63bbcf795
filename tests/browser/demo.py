"""The system under test: the real `idp demo`, one process with issuer and both portals, in a folder of its own.

People and clients of a test are added to its running database, as commands do, so that tests share one demo and nothing
else: whoever fails to sign in, or must change a password, is somebody that no other test knows.
"""

from __future__ import annotations

import re
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from subprocess import Popen
from typing import Any

from idp.accounts.add import NewAccount
from idp.accounts.policy import Kind
from idp.acts.add_person import add_person
from idp.acts.register_client import register_client
from idp.cli.first_password import hasher_for
from idp.demo.people import PASSWORD
from idp.settings import Settings, load_settings
from idp.storage.database import Database
from idp.storage.engine import open_engine
from tests.support.folders import new_folder
from tests.support.processes import free_port, start, stop
from tests.support.served import ROOT, environment_of

START_SECONDS = 60.0
TOLD = "Ctrl-C ends it."


@dataclass(kw_only=True)
class Demo:
    """A running demo: where it is, and a way to add to it."""

    port: int
    folder: Path
    process: Popen[bytes] = field(repr=False)

    @property
    def issuer(self) -> str:
        """The issuer's address."""
        return f"http://localhost:{self.port}"

    @property
    def driver_portal(self) -> str:
        """The first portal's address."""
        return f"http://localhost:{self.port + 1}"

    @property
    def fleet_portal(self) -> str:
        """The second portal's address."""
        return f"http://localhost:{self.port + 2}"

    def said(self) -> str:
        """Give what its terminal shows, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", (self.folder / "log").read_text())

    def add_person(self, user_id: str | None = None, *, must_change: bool = False, **facts: Any) -> str:  # noqa: ANN401 - an account's fields
        """Add somebody with the demo's password; gives the user ID, a new one unless it is named."""
        chosen = user_id or f"person-{secrets.token_hex(4)}"
        given: dict[str, Any] = {"email": f"{chosen}@example.com", "claims": {"name": "Pat Person"}} | facts
        stored = self._stored_password
        with self.database.writing() as connection:
            add_person(
                connection,
                NewAccount(user_id=chosen, kind=Kind.CONSUMER, **given),
                stored_password=stored,
                must_change=must_change,
                actor="test",
                entropy=secrets.token_bytes,
                now=time.time(),
            )
        return chosen

    def add_client(self, client_id: str, **metadata: Any) -> str:  # noqa: ANN401 - RFC 7591 members
        """Register a client; gives its secret. The issuer knows it within half a second."""
        with self.database.writing() as connection:
            secret = register_client(
                connection,
                client_id=client_id,
                metadata=metadata,
                actor="test",
                entropy=secrets.token_bytes,
                now=time.time(),
            )
        return secret or ""

    def wait_until_told(self) -> None:
        """Wait for the tour, which is printed once everything answers."""
        until = time.monotonic() + START_SECONDS
        while TOLD not in self.said():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the demo did not start: {self.said()[-2000:]}")
            time.sleep(0.05)

    @cached_property
    def settings(self) -> Settings:
        """What it runs with."""
        return load_settings(self.folder / "var" / "demo" / str(self.port) / "idp.toml", {})

    @cached_property
    def database(self) -> Database:
        """Its database, beside it."""
        return Database(open_engine(self.settings.database_url.get_secret_value(), pool_size=1))

    @cached_property
    def _stored_password(self) -> str:
        return hasher_for(self.settings, self.database, secrets.token_bytes).hash(PASSWORD)

    def close(self) -> None:
        """End the demo, as Ctrl-C does."""
        if "database" in self.__dict__:
            self.database.engine.dispose()
        stop(self.process, signal.SIGTERM)


@contextmanager
def running_demo(port: int | None = None) -> Iterator[Demo]:
    """Run a demo in a new folder, on this port and the next two, or on three free ones."""
    folder, port = new_folder("idp-demo-"), port or free_ports(3)
    process = start(
        [sys.executable, "-m", "idp.cli", "demo", "--port", str(port)],
        folder=folder,
        log=folder / "log",
        environment=environment_of({}) | {"PYTHONPATH": str(ROOT)},
    )
    demo = Demo(port=port, folder=folder, process=process)
    try:
        demo.wait_until_told()
        yield demo
    finally:
        demo.close()


def free_ports(count: int) -> int:
    """Give the first of so many free ports in a row."""
    while True:
        first = free_port()
        if all(is_free(port) for port in range(first, first + count)):
            return first


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
