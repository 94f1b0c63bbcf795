"""OpenID Connect Front-Channel Logout 1.0 (CONFORMANCE §2.9), and what the signed-out page tells of the apps.

The modules of `oidcc-frontchannel-rp-initiated-logout-certification-test-plan` are named as there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.clients.policy import registration_faults
from tests.protocol.logout_receiver import Listening, listening_on
from tests.protocol.world import World, claims_of
from tests.support.in_process import ADDRESS, AFTER_LOGOUT, CALLBACK, App, Browser

LEAVE = "https://app.example.com/leave?from=idp"


def frames(page: TestResponse) -> list[str]:
    """Give the addresses that a page loads in frames."""
    return [html.unescape(address) for address in re.findall(r'<iframe src="([^"]+)"', page.text)]


def policy(page: TestResponse) -> str:
    """Give its Content-Security-Policy."""
    return page.headers["Content-Security-Policy"]


def visit_of(world: World, **metadata: object) -> tuple[App, Browser, str]:
    """Sign somebody in to an app of this registration; gives the ID token, too."""
    app, browser = world.app("framed", **cast("dict[str, Any]", metadata)), world.browser()
    return app, browser, app.tokens(browser)["id_token"]


def leave(browser: Browser, **parameters: str) -> TestResponse:
    """Send a logout request."""
    return browser.get("/end-session?" + urlencode(parameters))


def test_oidcc_frontchannel_logout_discovery(world: World) -> None:
    """Both members are true."""
    document = world.discovery()
    names = ("frontchannel_logout_supported", "frontchannel_logout_session_supported")
    assert [True, True] == [document[name] for name in names]


def test_oidcc_frontchannel_rp_initiated_logout(world: World) -> None:
    """The page loads the app's address with iss and sid in a frame that the policy admits, waits, then redirects."""
    _, browser, id_token = visit_of(world, frontchannel_logout_uri=LEAVE)
    page = leave(browser, id_token_hint=id_token, post_logout_redirect_uri=AFTER_LOGOUT, state="a b")
    (address,) = frames(page)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query, strict_parsing=True).items()}
    assert {"from": "idp", "iss": ADDRESS, "sid": claims_of(id_token)["sid"]} == asked
    assert address.startswith("https://app.example.com/leave?")
    assert "frame-src https://app.example.com;" in policy(page)
    assert f"4; url={AFTER_LOGOUT}?state=a+b" == page.headers["Refresh"]
    assert f'href="{AFTER_LOGOUT}?state=a+b" data-go-on' in page.text
    assert 'name="password"' in browser.follow(browser.get("/account")).text


def test_every_app_of_the_session_is_framed_and_no_other(world: World) -> None:
    """Each once, whatever they share; without a redirect where none was asked for."""
    browser, apps = world.browser(), [world.app("framed", frontchannel_logout_uri=LEAVE) for _ in range(2)]
    world.app("framed", frontchannel_logout_uri=LEAVE)
    for app in [*apps, apps[0], world.app("plain")]:
        app.tokens(browser)
    page = browser.submit(browser.get("/end-session"), {"action": "sign_out"})
    assert (2, None) == (len(frames(page)), page.headers.get("Refresh"))
    assert "<h1>You are signed out</h1>" in page.text
    assert 1 == policy(page).count("https://app.example.com")


def test_without_frames_nothing_is_framed_and_nobody_waits(world: World) -> None:
    """The redirect is immediate, and the policy admits no frame."""
    _, browser, id_token = visit_of(world)
    back = leave(browser, id_token_hint=id_token, post_logout_redirect_uri=AFTER_LOGOUT)
    assert (303, AFTER_LOGOUT) == (back.status_code, back.headers["Location"])
    assert "frame-src" not in policy(browser.get("/signed-out"))


def test_an_address_that_no_policy_can_name_is_left_out(world: World) -> None:
    """Nobody's sign-out fails because of it."""
    address = "https://[2001:db8::1]/cb"
    _, browser, id_token = visit_of(
        world, redirect_uris=[CALLBACK, address], frontchannel_logout_uri="https://[2001:db8::1]/leave"
    )
    page = leave(browser, id_token_hint=id_token)
    assert (200, []) == (page.status_code, frames(page))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"frontchannel_logout_uri": "https://other.example.com/leave"}, "scheme, host and port"),
        ({"frontchannel_logout_uri": "https://app.example.com:8443/leave"}, "scheme, host and port"),
        ({"frontchannel_logout_uri": "http://app.example.com/leave"}, "must be https"),
        ({"frontchannel_logout_uri": "https://app.example.com/leave#x"}, "fragment"),
        ({"backchannel_logout_uri": "http://app.example.com/leave"}, "must be https"),
        ({"backchannel_logout_uri": "https://u:p@app.example.com/leave"}, "user information"),
        ({"backchannel_logout_session_required": "yes"}, "true or false"),
        ({"frontchannel_logout_session_required": 1}, "true or false"),
    ],
)
def test_logout_metadata_that_cannot_be_registered(changes: dict[str, object], fault: str) -> None:
    """§2 of both specifications, with a sentence that says what is wrong."""
    metadata = {"redirect_uris": ["https://app.example.com/cb"], **changes}
    assert any(fault in sentence for sentence in registration_faults("app", metadata))


def test_logout_metadata_that_can(world: World) -> None:
    """The app's own origin, and the flags, which ask for what is sent always."""
    metadata = {
        "redirect_uris": ["https://app.example.com/cb"],
        "frontchannel_logout_uri": LEAVE,
        "frontchannel_logout_session_required": True,
        "backchannel_logout_uri": "https://elsewhere.example.com/leave",
        "backchannel_logout_session_required": True,
    }
    assert [] == list(registration_faults("app", metadata))


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[Listening]:
    """Give an issuer, and apps that listen."""
    with listening_on(sqlite_url, tmp_path) as made:
        yield made


def shown(page: TestResponse) -> dict[str, str]:
    """Read which apps were told, as the page has it."""
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page.text))


def test_the_signed_out_page_says_who_was_told(place: Listening) -> None:
    """Pending at first; confirmed or failed when one looks again; for this browser alone, and for ten minutes."""
    place.app("good"), place.app("bad", status=400)
    browser, _ = place.sign_in()
    page = place.sign_out(browser)
    assert {"The bad": "Not confirmed yet", "The good": "Not confirmed yet"} == shown(page)
    assert '<a class="button secondary" href="/signed-out">Check again</a>' in page.text
    place.deliver()
    assert {"The bad": "Not confirmed yet", "The good": "Signed out"} == shown(browser.get("/signed-out"))
    for _ in range(5):
        place.advance(100)
        place.deliver()
    page = browser.get("/signed-out")
    assert {"The bad": "Could not be reached: please sign out there yourself", "The good": "Signed out"} == shown(page)
    assert "Check again" not in page.text
    assert {} == shown(Browser(place.service).get("/signed-out"))
    place.advance(200)
    assert {} == shown(browser.get("/signed-out"))


def test_receipts_are_not_to_be_had_by_a_sid(place: Listening) -> None:
    """Apps know it: the cookie is ours alone to make, and not to be changed."""
    place.app("portal")
    browser, (claims,) = place.sign_in()
    place.sign_out(browser)
    ((name, receipt),) = ((name, value) for name, value in browser.cookies().items() if "signed_out" in name)
    other, (others,) = place.sign_in()
    place.sign_out(other)
    tag = receipt.split("~")[2]
    for forged in (
        claims["sid"], f"{claims['sid']}~~", f"{others['sid']}~~{tag}", f"{claims['sid']}~portal~{tag}", "~~",
    ):  # fmt: skip
        thief = Browser(place.service)
        thief.client.set_cookie(name, forged, domain="id.example.com", secure=True)
        page = thief.get("/signed-out")
        assert (200, {}) == (page.status_code, shown(page))


def test_the_way_back_is_still_there_when_one_looks_again(place: Listening) -> None:
    """For the app whose own hint proved that it asked."""
    app = place.app("portal")
    browser = Browser(place.service)
    id_token = app.tokens(browser)["id_token"]
    for page in (leave(browser, id_token_hint=id_token), browser.get("/signed-out")):
        assert f'<a class="button primary" href="{AFTER_LOGOUT}">The portal</a>' in page.text


def test_a_name_of_an_app_cannot_break_the_page(place: Listening) -> None:
    """It is text, whatever stands in it."""
    place.app("portal", client_name="<script>alert(1)</script>")
    browser, _ = place.sign_in()
    page = place.sign_out(browser)
    assert ("&lt;script&gt;" in page.text, "<script>alert" in page.text) == (True, False)
