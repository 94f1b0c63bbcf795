"""The demo as a newcomer has it, in a folder of its own, and a visitor whose browser has no script."""

from __future__ import annotations

import html
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urljoin

import requests

from tests.support.processes import free_port, start, stop

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
SECONDS = 20
PASSWORD = "correct horse battery staple 7"


@dataclass(frozen=True)
class Demo:
    """A running demo: where it is, its process, and what its terminal shows."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def issuer(self) -> str:
        """The issuer's address."""
        return f"http://localhost:{self.port}"

    @property
    def driver(self) -> str:
        """The driver portal's address."""
        return f"http://localhost:{self.port + 1}"

    @property
    def fleet(self) -> str:
        """The fleet portal's address."""
        return f"http://localhost:{self.port + 2}"

    @property
    def terminal(self) -> str:
        """What has been printed."""
        return (self.folder / "terminal.txt").read_text()

    @property
    def settings_file(self) -> Path:
        """The settings by which commands find it."""
        return self.folder / "var" / "demo" / str(self.port) / "idp.toml"


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Run the demo until the block ends; gives it once its tour is printed."""
    demo = start_demo(folder, three_free_ports())
    try:
        yield demo
    finally:
        stop(demo.process, signal.SIGTERM)


def start_demo(folder: Path, port: int) -> Demo:
    """Start the demo and wait for the tour."""
    process = start(command(port), folder=folder, log=folder / "terminal.txt", environment=environment())
    demo = Demo(port, folder, process)
    until = time.monotonic() + START_SECONDS
    while "Ctrl-C ends it." not in demo.terminal:
        assert process.poll() is None, demo.terminal
        assert time.monotonic() < until, demo.terminal
        time.sleep(0.1)
    return demo


def command(port: int) -> list[str]:
    """Return the command line of a demo."""
    return [sys.executable, "-m", "idp.cli", "demo", "--port", str(port)]


def environment() -> dict[str, str]:
    """Return an environment in which the checkout is found from any folder."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def three_free_ports() -> int:
    """Return a port that was free a moment ago, as were the next two."""
    while True:
        port = free_port()
        if not any(listens(port + place) for place in range(3)):
            return port


def listens(port: int) -> bool:
    """Whether something answers on a port."""
    try:
        requests.get(f"http://127.0.0.1:{port}/livez", timeout=2)
    except requests.ConnectionError:
        return False
    return True


@dataclass
class Visitor:
    """A browser without script: one jar for all ports, as browsers have it; follows redirects, fills the one form."""

    session: requests.Session = field(default_factory=requests.Session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def open(self, address: str) -> requests.Response:
        """Open a page, wherever it leads."""
        return self.session.get(address, timeout=SECONDS)

    def submit(self, page: requests.Response, fields: Mapping[str, str], *, follow: bool = True) -> requests.Response:
        """Fill and send the form of a page; without `follow` the answer's own redirect is not taken."""
        action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        assert action, page.text
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        data = {name: html.unescape(value) for name, value in hidden} | dict(fields)
        return self.session.post(
            urljoin(page.url, html.unescape(action[1])), data=data, timeout=SECONDS, allow_redirects=follow
        )

    def sign_in(self, portal: str, user_id: str) -> requests.Response:
        """Begin at a portal, sign in at the issuer, and come back."""
        return self.submit(self.open(f"{portal}/sign-in"), {"user_id": user_id, "password": PASSWORD})

    def cookies(self) -> set[str]:
        """Name the cookies in the jar."""
        return {cookie.name for cookie in self.session.cookies}
