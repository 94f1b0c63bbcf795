"""One issuer for all protocol tests of a process: a clock that they move, one person, and as many clients as they want.

Each test takes a browser of its own and, where it changes one, a client of its own; nothing else is shared that a test
could spoil.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

from joserfc.jwk import KeySet
from werkzeug.test import Client, TestResponse

from idp.app import Service
from keys import base64url
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


def signed_by_the_issuer(world: World, claims: Mapping[str, Any], *, alg: str = "ES256", **header: str | None) -> str:
    """Sign claims with the issuer's own key under a header of the test's choice; None takes a member out."""
    signer = world.service.parts.issuer.ring.signer(alg)
    members: dict[str, str | None] = {"alg": alg, "kid": signer.kid, "typ": "at+jwt", **header}
    kept = {name: value for name, value in members.items() if value is not None}
    signed = base64url.encode(json.dumps(kept).encode()) + b"." + base64url.encode(json.dumps(claims).encode())
    return (signed + b"." + base64url.encode(signer.sign(signed))).decode()


def claims_of(token: str) -> dict[str, Any]:
    """Read the claims of a token without verifying it."""
    claims: dict[str, Any] = json.loads(base64url.decode(token.split(".")[1].encode()))
    return claims


def header_of(token: str) -> dict[str, Any]:
    """Read the header of a token without verifying it."""
    header: dict[str, Any] = json.loads(base64url.decode(token.split(".", maxsplit=1)[0].encode()))
    return header
