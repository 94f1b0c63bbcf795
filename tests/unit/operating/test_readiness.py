"""When a process may be sent requests, on a real database; and what the management port answers."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from werkzeug.test import Client

from idp.app import Service
from idp.metrics.scrape import scrape
from idp.operating.management import management_server
from idp.wire.bind import Bind
from tests.support.in_process import issuer_on
from tests.support.processes import free_port
from tests.support.served import fetch


def readyz(service: Service) -> tuple[int, str]:
    """Ask the request port."""
    response = Client(service.front).get("/readyz")
    return response.status_code, response.text


def age(service: Service, seconds: float) -> None:
    """Let the view be as old as if the database had not answered for so long."""
    service.watch.stop()
    service.watch._good_at = service.clock() - seconds  # noqa: SLF001 - or else the test would wait


def test_ready(sqlite_url: str, tmp_path: Path) -> None:
    """A process with a fresh view and a key that signs is ready, also when asked by address alone."""
    with issuer_on(sqlite_url, tmp_path) as service:
        assert (200, "ready\n") == readyz(service)


def test_not_ready_with_a_stale_view(sqlite_url: str, tmp_path: Path) -> None:
    """A process that could not look into the database for two seconds is not ready, and says why."""
    with issuer_on(sqlite_url, tmp_path) as service:
        age(service, 2.1)

        assert (503, "the view of the database is too old\n") == readyz(service)


def test_not_ready_without_a_key(sqlite_url: str, tmp_path: Path) -> None:
    """A process whose first algorithm has no active key is not ready."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service:
        with service.database.writing() as connection:
            connection.exec_driver_sql("UPDATE keys SET state = 'staged', activated_at = NULL WHERE state = 'active'")
        service.parts.issuer.ring.reload()

        assert (503, "no active signing key\n") == readyz(service)


def test_the_management_port(sqlite_url: str, tmp_path: Path) -> None:
    """The management port tells metrics, life and readiness, and nothing else."""
    port = free_port()
    with issuer_on(sqlite_url, tmp_path) as service:
        service.meters.tally.add_up()
        with management_server(Bind("127.0.0.1", port), service.parts.issuer, lambda: scrape(service.meters)):
            address = f"http://127.0.0.1:{port}"
            assert (200, "alive\n") == fetch(f"{address}/livez")
            assert (200, "ready\n") == fetch(f"{address}/readyz")
            assert "idp_view_age_seconds 0." in fetch(f"{address}/metrics")[1]
            assert 404 == fetch(f"{address}/token")[0]
            post = urllib.request.Request(f"{address}/livez", data=b"x")  # noqa: S310
            with pytest.raises(urllib.error.HTTPError, match="405"):
                urllib.request.urlopen(post)  # noqa: S310
            age(service, 3.0)
            assert 503 == fetch(f"{address}/readyz")[0]
