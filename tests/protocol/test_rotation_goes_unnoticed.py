"""Ten rotations, and apps that keep the JWKS for five minutes, an hour and a day: no token fails to verify (K01)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import Client

from idp.acts.keep_schedule import keep_schedule
from idp.app import Service
from idp.issuance.pick_up import PickUp
from keys.schedule import StepKind
from keys.timetable import DAY
from tests.support.clock import SettableClock
from tests.support.in_process import ADDRESS, App, issuer_on

HOUR = 3600.0
TOKEN_LIFE = 300.0


class CachingApp:
    """A relying party that believes its copy of the JWKS for so many seconds, and asks for nothing meanwhile."""

    def __init__(self, service: Service, clock: SettableClock, keeps: float) -> None:
        self._service = service
        self._clock = clock
        self._keeps = keeps
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")

    def verify(self, token: str) -> str:
        """Verify an access token as an app does, by the kid in its header; gives that kid."""
        if self._keys is None or self._clock() - self._fetched_at >= self._keeps:
            document = Client(self._service.front).get("/jwks", base_url=ADDRESS).data
            self._keys, self._fetched_at = KeySet.import_key_set(json.loads(document)), self._clock()
        return str(jwt.decode(token, self._keys, algorithms=["ES256", "Ed25519"]).header["kid"])


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer whose clock the test sets."""
    with issuer_on(sqlite_url, tmp_path, clock=clock, signing_algs=("ES256", "Ed25519")) as running:
        yield running


def test_ten_rotations_go_unnoticed(service: Service, clock: SettableClock) -> None:
    """Every token is verified when it is new and as long as it lives; around each rotation second by second."""
    apps = App.register(service, "es"), App.register(service, "edwards", id_token_signed_response_alg="Ed25519")
    relying = [CachingApp(service, clock, keeps) for keeps in (TOKEN_LIFE, HOUR, DAY)]
    kids: dict[str, set[str]] = {app.client_id: set() for app in apps}
    alive: list[tuple[float, str]] = []
    ahead: list[float] = []
    verified = 0
    while min(map(len, kids.values())) < 11:
        clock.advance(ahead.pop(0) if ahead else 2 * DAY)
        done = keep_schedule(
            service.database,
            service.kek,
            service.settings.timetable,
            algorithms=service.settings.signing_algs,
            pick_up=PickUp(service.parts.issuer.directory.all()),
            clock=clock,
            entropy=service.entropy,
        )
        service.watch.poll_once()
        if any(step.kind is StepKind.ROTATE for step in done):
            ahead = [*[1.0] * 5, 60.0, 240.0, *[HOUR] * 2]
        for app in apps:
            token = app.call("/token", {"grant_type": "client_credentials", "scope": "api"}).get_json()["access_token"]
            alive.append((clock(), token))
            kids[app.client_id].add(relying[0].verify(token))
        alive = [(born, token) for born, token in alive if clock() - born < TOKEN_LIFE]
        for one in relying:
            for _, token in alive:
                one.verify(token)
                verified += 1
    assert verified > 3_000
