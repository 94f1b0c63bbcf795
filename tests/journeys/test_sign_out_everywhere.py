"""Somebody signs out at one place, and every app's own session ends: over HTTP, with both portals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from werkzeug.serving import BaseWSGIServer, make_server

from idp.acts.disable_account import disable_account
from idp.app import Service
from idp.demo.clients import portals
from idp.demo.portals import serve_portals
from idp.demo.seed import seed_clients
from tests.support.demo import Demo, Visitor, running_demo, three_free_ports
from tests.support.in_process import PASSWORD, add_person, issuer_on
from tests.support.nodes import until

pytestmark = pytest.mark.slow
BOTH = ["Driver Portal", "Fleet Portal"]


def test_signing_out_in_the_demo_signs_out_everywhere(tmp_path: Path) -> None:
    """The page after it says that both portals were told, soon after; and both know nobody any more."""
    with running_demo(tmp_path) as demo, Visitor() as visitor:
        _enter_both(visitor, demo)
        page = visitor.submit(visitor.open(f"{demo.issuer}/end-session"), {"action": "sign_out"})
        assert "<h1>You are signed out</h1>" in page.text

        def confirmed() -> list[str]:
            return re.findall(r"<dt>([^<]+)</dt><dd>Signed out</dd>", visitor.open(f"{demo.issuer}/signed-out").text)

        assert until(lambda: confirmed() == BOTH, seconds=30), visitor.open(f"{demo.issuer}/signed-out").text
        for portal in (demo.driver, demo.fleet):
            assert "Your session has ended" in visitor.open(portal).text


@dataclass
class Town:
    """An issuer in this process, its portals beside it, all over HTTP; no housekeeper, so that tests say when."""

    service: Service
    server: BaseWSGIServer
    issuer: str
    driver: str
    fleet: str
    sub: str

    def close_the_issuer(self) -> None:
        """Let nobody ask it any more."""
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def town(sqlite_url: str, tmp_path: Path) -> Iterator[Town]:
    """Give an issuer and two portals on three ports."""
    port = three_free_ports()
    issuer = f"http://localhost:{port}"
    settings: dict[str, Any] = {"issuer": issuer, "outbound_allow": ("localhost",), "signing_algs": ("ES256",)}
    with issuer_on(sqlite_url, tmp_path, **settings) as service:
        with service.database.writing() as connection:
            seed_clients(connection, portals(port), entropy=service.entropy, now=service.clock())
        service.watch.poll_once()
        server = make_server("127.0.0.1", port, service.front, threaded=True)
        with _serving(server), _portals_of(port, issuer) as (driver, fleet):
            yield Town(service, server, issuer, driver, fleet, add_person(service))


@contextmanager
def _serving(server: BaseWSGIServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _portals_of(port: int, issuer: str) -> Iterator[tuple[str, str]]:
    servers = serve_portals(portals(port), issuer=issuer, port=port)
    try:
        yield f"http://localhost:{port + 1}", f"http://localhost:{port + 2}"
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _enter_both(visitor: Visitor, place: Demo | Town) -> None:
    form = visitor.open(f"{place.driver}/sign-in")
    visitor.submit(form, {"user_id": "dana", "password": PASSWORD})
    assert "Hello Dana" in visitor.open(place.driver).text
    assert "Dana" in visitor.open(f"{place.fleet}/sign-in").text


def test_leaving_one_portal_ends_the_session_of_the_other(town: Town) -> None:
    """The other portal knows by itself: nobody answers it any more when it is asked for its page."""
    with Visitor() as visitor:
        _enter_both(visitor, town)
        goodbye = visitor.submit(visitor.open(town.driver), {})
        assert "signed out" in goodbye.text
        assert {"confirmed": 2} == town.service.back_channel.deliver_due()
        town.close_the_issuer()
        assert "Your session has ended" in visitor.open(town.fleet).text


def test_another_browser_of_the_same_person_stays_signed_in(town: Town) -> None:
    """One session ends, not the person's others."""
    with Visitor() as leaving, Visitor() as staying:
        _enter_both(leaving, town)
        _enter_both(staying, town)
        leaving.submit(leaving.open(town.driver), {})
        town.service.back_channel.deliver_due()
        assert "Hello Dana" in staying.open(town.driver).text


def test_a_stopped_account_leaves_both_portals(town: Town) -> None:
    """An operator's act reaches every app in every browser."""
    with Visitor() as one, Visitor() as two:
        _enter_both(one, town)
        _enter_both(two, town)
        service = town.service
        with service.database.writing() as connection:
            disable_account(connection, account_id=town.sub, actor="test", entropy=service.entropy, now=service.clock())
        assert {"confirmed": 4} == service.back_channel.deliver_due()
        town.close_the_issuer()
        for visitor in (one, two):
            for portal in (town.driver, town.fleet):
                assert "Your session has ended" in visitor.open(portal).text


def test_a_portal_ends_nothing_for_a_stranger(town: Town) -> None:
    """Whatever is posted there without our signature."""
    with Visitor() as visitor:
        _enter_both(visitor, town)
        for form in ({}, {"logout_token": ""}, {"logout_token": "a.b.c"}, {"sid": "x"}):
            answer = requests.post(f"{town.driver}/back-channel-logout", data=form, timeout=20)
            assert (400, "", "no-store") == (answer.status_code, answer.text, answer.headers["Cache-Control"])
        assert "Hello Dana" in visitor.open(town.driver).text
