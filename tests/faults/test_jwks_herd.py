"""Every app fetches the JWKS at once, because a new key has just appeared in it (F28)."""

from __future__ import annotations

import http.client
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from idp.acts.rotate_key import rotate_key
from idp.app import Service
from idp.issuance.pick_up import PickUp
from tests.support.asking import measured, seconds_until
from tests.support.in_process import issuer_on
from tests.support.over_http import ask
from tests.support.served import ServedIssuer, served_issuer
from tests.support.statements import statements_of

APPS = 16
FETCHES = 125
"""Of each app: two thousand in all."""

P99_SECONDS = 0.05


def test_a_herd_reaches_no_database(sqlite_url: str, tmp_path: Path) -> None:
    """F28: the first fetch of each app is a 200 with the new key, all later ones are 304s, and all are from memory."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",), watch_period=60.0) as service:
        old = fetched(service).headers["ETag"]
        rotate(service)
        with statements_of(service.database.engine) as sent, ThreadPoolExecutor(APPS) as pool:
            counts = list(pool.map(partial(fetches_of_an_app, service), [old] * APPS))
        assert [{200: 1, 304: FETCHES - 1}] * APPS == counts
        assert [] == sent


def fetched(service: Service, etag: str = "") -> TestResponse:
    """Fetch once, with what the app has."""
    headers = {"If-None-Match": etag} if etag else {}
    return Client(service.front).get("/jwks", base_url=service.settings.issuer, headers=headers)


def fetches_of_an_app(service: Service, etag: str) -> Counter[int]:
    """Fetch again and again, with the ETag of the answer before; gives how often which status came."""
    counts: Counter[int] = Counter()
    for _ in range(FETCHES):
        answer = fetched(service, etag)
        etag = answer.headers["ETag"]
        counts[answer.status_code] += 1
    return counts


def rotate(service: Service) -> None:
    """Rotate, so that the JWKS has a key more."""
    rotate_key(
        service.database,
        service.kek,
        algorithm="ES256",
        pick_up=PickUp(()),
        actor="test",
        clock=service.clock,
        entropy=service.entropy,
    )
    service.watch.poll_once()


@pytest.mark.alone
@pytest.mark.slow
def test_a_herd_after_a_rotation_is_served_in_time(postgresql_url: str) -> None:
    """F28: over real sockets, two thousand fetches by sixteen apps at once; the slowest hundredth bounds the rest."""
    with served_issuer(postgresql_url, workers=2) as issuer:
        old = ask(issuer, "/jwks").headers["etag"]
        done = issuer.run("keys", "rotate", "ES256", "--yes")
        assert 0 == done.returncode, done.stderr
        seconds_until(lambda: all(ask(issuer, "/jwks").headers["etag"] != old for _ in range(4)), most=2.0)
        begun = time.monotonic()
        with ThreadPoolExecutor(APPS) as pool:
            answers = [one for of_app in pool.map(partial(herd, issuer), [old] * APPS) for one in of_app]
        seconds = time.monotonic() - begun
    assert {200: APPS, 304: APPS * (FETCHES - 1)} == Counter(status for status, _ in answers)
    slowest = sorted(waited for _, waited in answers)[int(len(answers) * 0.99)]
    measured("F28: fetches a second", len(answers) / seconds, "")
    measured("F28: p99 of a fetch", slowest)
    assert slowest < P99_SECONDS


def herd(issuer: ServedIssuer, etag: str) -> list[tuple[int, float]]:
    """Fetch on one connection, as an app's process does; gives status and seconds of each answer."""
    connection = http.client.HTTPConnection("127.0.0.1", issuer.port, timeout=10)
    answers: list[tuple[int, float]] = []
    for _ in range(FETCHES):
        begun = time.monotonic()
        connection.request("GET", "/jwks", headers={"If-None-Match": etag})
        response = connection.getresponse()
        response.read()
        answers.append((response.status, time.monotonic() - begun))
        etag = response.headers["etag"]
    connection.close()
    return answers
