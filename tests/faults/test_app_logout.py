"""Apps whose back channel is down, slow, refusing or forbidden, and workers that die or race (F19, T79)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection

from idp.acts.write_logout_token import LogoutTokenWriter
from idp.app import Service
from idp.delivery.app_logouts import APP_LOGOUT_QUEUE, AppLogout
from idp.delivery.app_queue import WORTH_SECONDS
from idp.delivery.back_channel import AT_ONCE, EACH, BackChannel
from idp.delivery.policy import LEASE
from idp.wire.outbound import Outbound
from tests.protocol.logout_receiver import Listening, listening_on
from tests.protocol.web_server import Page
from tests.support.nodes import until
from tests.support.racing import at_once

pytestmark = pytest.mark.slow
HALF_AN_HOUR = 1800.0 * 1.25 + 1


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[Listening]:
    """Give an issuer, and apps that listen."""
    with listening_on(sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture
def place_on_each(database_url: str, tmp_path: Path) -> Iterator[Listening]:
    """Give the same on SQLite and on PostgreSQL."""
    with listening_on(database_url, tmp_path) as made:
        yield made


def test_an_app_that_was_down_is_told_when_it_is_back(place_on_each: Listening) -> None:
    """F19: it answers 503 for twenty hours, then 200; every try has a new token, and the others wait for none."""
    place = place_on_each
    place.app("down", status=503), place.app("up")
    browser, _ = place.sign_in()
    place.sign_out(browser)
    assert {"waiting": 1, "confirmed": 1} == place.deliver()
    assert {"down": "waiting", "up": "confirmed"} == place.states()
    for _ in range(30):
        place.advance(HALF_AN_HOUR)
        assert {"waiting": 1} == place.deliver()
    place.server.pages["/down"] = Page(status=204)
    place.advance(HALF_AN_HOUR)
    assert {"confirmed": 1} == place.deliver()
    told = place.told("down")
    assert len(told) == len({token["jti"] for token in told}) == 32
    assert int(place.clock()) == told[-1]["iat"]
    assert 1 == len(place.told("up"))


def test_waits_grow_and_end_after_a_day(place: Listening) -> None:
    """A dozen tries in the first hours, not thousands; then it is given up, and the person can read that."""
    place.app("away", status=500)
    browser, _ = place.sign_in()
    place.sign_out(browser)
    moments: list[float] = []
    began = place.clock()
    while place.states() == {"away": "waiting"}:
        if place.deliver():
            moments.append(place.clock() - began)
        place.advance(60)
        assert place.clock() - began < WORTH_SECONDS + 3600
    assert "given_up" == place.states()["away"]
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert 40 < len(moments) < 80
    assert max(waits[:3]) < 180
    assert min(waits[8:]) > 1200


@pytest.mark.parametrize("status", [400, 401, 404, 501])
def test_an_app_that_refuses_is_asked_five_times(place: Listening, status: int) -> None:
    """Its clock or its view of our keys may be a little behind; after that it has decided."""
    place.app("never", status=status)
    browser, _ = place.sign_in()
    place.sign_out(browser)
    for _ in range(8):
        place.deliver()
        place.advance(3600)
    assert (5, {"never": "refused"}) == (len(place.told("never")), place.states())


def test_a_slow_app_holds_up_nobody(place: Listening) -> None:
    """Neither the person, who is signed out at once, nor other apps; and it never has more than its share of calls."""
    slow, quick = place.app("slow"), place.app("quick")
    gate = Event()
    place.server.pages["/slow"].gate = gate
    for _ in range(EACH + 1):
        place.sign_out(place.sign_in(slow)[0])
    browser, _ = place.sign_in(slow, quick)
    page = place.sign_out(browser)
    assert ("<h1>You are signed out</h1>" in page.text, []) == (True, place.server.posted)  # none waits in the request
    telling = threading.Thread(target=place.deliver)
    telling.start()
    try:
        assert until(lambda: place.states().get("quick") == "confirmed", seconds=20)
        assert EACH == len(place.told("slow")) < AT_ONCE
        assert "waiting" == place.states()["slow"]
    finally:
        gate.set()
        telling.join()
    assert {"slow": "confirmed", "quick": "confirmed"} == place.states()


def test_a_worker_killed_after_sending_costs_one_double_at_most(place_on_each: Listening) -> None:
    """Its lease runs out, the next worker tells the app again, with another token; then that is the end of it."""
    place = place_on_each
    place.app("portal")
    browser, _ = place.sign_in()
    place.sign_out(browser)
    assert {"unnoted": 1} == dict(_dying(place.service).deliver_due())
    assert {} == place.deliver()
    place.advance(LEASE + 1)
    assert {"confirmed": 1} == place.deliver()
    place.advance(LEASE + 1)
    assert ({}, 2) == (place.deliver(), len({token["jti"] for token in place.told("portal")}))


def _dying(service: Service) -> BackChannel[AppLogout]:
    """Give a worker that never comes to note what it has sent."""
    issuer = service.parts.issuer
    writer = LogoutTokenWriter(
        issuer.ring,
        issuer.directory,
        issuer=issuer.address,
        lifetimes=issuer.lifetimes,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )

    def die(connection: Connection, logout: AppLogout, state: str) -> None:
        raise ZeroDivisionError

    return BackChannel(
        service.database,
        Outbound(service.settings.outbound_allow),
        APP_LOGOUT_QUEUE,
        writer.write,
        die,
        observe=lambda _result: None,
        clock=service.clock,
        entropy=service.entropy,
    )


def test_two_workers_tell_each_app_once(place_on_each: Listening) -> None:
    """Whichever has it, has it alone."""
    place = place_on_each
    names = [f"app-{number}" for number in range(12)]
    for name in names:
        place.app(name)
    browser, _ = place.sign_in()
    place.sign_out(browser)
    ended = at_once(2, place.deliver)
    assert {"confirmed": 12} == sum((Counter(counts) for counts in ended), Counter())
    assert dict.fromkeys(names, 1) == {name: len(place.told(name)) for name in names}


def test_no_private_address_is_called(sqlite_url: str, tmp_path: Path) -> None:
    """T79: a registered address that leads inside gets no connection at all; a redirect that does is not followed."""
    with listening_on(sqlite_url, tmp_path, outbound_allow=()) as place:
        port = place.server.port
        for number, host in enumerate(("127.0.0.1", "localhost", "[::1]", "127.1", "0x7f.1", "169.254.169.254")):
            place.app(f"inside-{number}", backchannel_logout_uri=f"https://{host}:{port}/steal")
        place.app("inside-http", backchannel_logout_uri=place.server.address("/steal"))
        browser, _ = place.sign_in()
        place.sign_out(browser)
        assert {"waiting": 7} == place.deliver()
        assert (0, []) == (place.server.connections, place.server.posted)


def test_a_redirect_is_not_followed(place: Listening) -> None:
    """Not even to an address that might be called."""
    place.app("portal", status=307)
    place.server.pages["/portal"].headers["Location"] = place.server.address("/elsewhere")
    browser, _ = place.sign_in()
    place.sign_out(browser)
    assert ({"waiting": 1}, ["/portal"]) == (place.deliver(), place.server.hits)


def test_the_loop_tells_whom_it_must_and_ends_when_told(place: Listening) -> None:
    """The housekeeper's own thread."""
    place.app("portal")
    stop = Event()
    loop = threading.Thread(target=lambda: place.service.back_channel.run(stop, pause=0.02))
    loop.start()
    try:
        browser, _ = place.sign_in()
        place.sign_out(browser)
        assert until(lambda: place.states().get("portal") == "confirmed", seconds=20)
    finally:
        stop.set()
        loop.join(20)
    assert (1, False) == (len(place.told("portal")), loop.is_alive())
