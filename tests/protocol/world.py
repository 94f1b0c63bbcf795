"""One issuer for all protocol tests of a process: a clock that they move, one person, and as many clients as they want.

Each test takes a browser of its own and, where it changes one, a client of its own; nothing else is shared that a test
could spoil.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

from joserfc.jwk import KeySet
from werkzeug.test import Client, TestResponse

from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import ADDRESS, App, Browser, add_person, issuer_on

ALGORITHMS = ("ES256", "RS256", "PS256", "Ed25519")


@dataclass(kw_only=True)
class World:
    """The issuer, its clock, and the id of the person who signs in."""

    service: Service
    clock: SettableClock
    sub: str
    _numbers: Iterator[int] = field(default_factory=count)

    def advance(self, seconds: float) -> None:
        """Let time pass, and let the issuer look at the database again, as it does twice a second."""
        self.clock.advance(seconds)
        self.service.watch.poll_once()

    def browser(self) -> Browser:
        """Give a browser without cookies."""
        return Browser(self.service)

    def name(self, wanted: str = "app") -> str:
        """Give a client_id that nobody has."""
        return f"{wanted}-{next(self._numbers)}"

    def app(self, wanted: str = "app", *, public: bool = False, **metadata: object) -> App:
        """Register a client of this test's own."""
        return App.register(self.service, self.name(wanted), public=public, **cast("dict[str, Any]", metadata))

    def get(self, path: str, **options: object) -> TestResponse:
        """GET without cookies."""
        return self.send("GET", path, **options)

    def send(self, method: str, path: str, **options: object) -> TestResponse:
        """Send a request without cookies."""
        return Client(self.service.front).open(path, method=method, base_url=ADDRESS, **cast("dict[str, Any]", options))

    def discovery(self) -> dict[str, Any]:
        """Give the discovery document."""
        document: dict[str, Any] = self.get("/.well-known/openid-configuration").get_json()
        return document

    def keys(self) -> KeySet:
        """Give the published keys."""
        return KeySet.import_key_set(self.get("/jwks").get_json())


@contextmanager
def world_on(database_url: str, folder: Path, **overrides: object) -> Iterator[World]:
    """Run an issuer with every signing algorithm and one person."""
    clock = SettableClock()
    values: dict[str, Any] = {"signing_algs": ALGORITHMS} | overrides
    with issuer_on(database_url, folder, clock=clock, **values) as service:
        yield World(service=service, clock=clock, sub=add_person(service))
