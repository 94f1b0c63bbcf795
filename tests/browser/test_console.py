"""The security team's whole way in Chromium: invited, at the console with a passkey, at work, and out again."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.passkeys import Device
from tests.browser.relying_party import RelyingParty
from tests.browser.staff import DISPATCH, invited
from tests.browser.staff_scenes import console_clients, console_keys
from tests.browser.steps import expect_heading, width_beyond

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-console")]
UNUSED = "RS256"
"""No app's tokens are signed with it: its keys rotate without waiting, and nobody notices."""


def test_from_the_invitation_to_the_console_and_out_again(page: Page, demo: Demo) -> None:
    """The link, a passkey, the console, a rotated key, signed out; the way back asks for the passkey again."""
    user_id = f"sofia-{secrets.token_hex(4)}"
    device = Device.of(page)
    page.goto(f"{demo.issuer}/invitation?token={invited(demo, user_id)}")
    expect_heading(page, "Welcome to the team")
    page.locator("#passkey_name").fill("Blue key")
    page.get_by_role("button", name="Make a passkey").click()
    expect_heading(page, "Security console")
    assert 1 == len(device.passkeys())
    expect(page.locator(".whoami")).to_contain_text(f"{user_id}, security engineer")

    page.get_by_role("link", name="Keys").click()
    section = page.get_by_role("region", name=UNUSED)
    before = section.locator("code").first.inner_text()
    section.get_by_role("button", name=f"Rotate {UNUSED}").click()
    expect(page.get_by_role("status")).to_contain_text("takes over within seconds")
    expect(section.locator("code").first).not_to_have_text(before)

    page.get_by_role("button", name="Sign out").click()
    expect_heading(page, "You are signed out")
    device.set("removeVirtualAuthenticator")
    page.goto(f"{demo.issuer}/security/keys")
    expect_heading(page, "Sign in")


def test_a_key_is_tried_with_chosen_apps_and_a_drill_is_measured(page: Page, demo: Demo, app: RelyingParty) -> None:
    """By tick boxes and buttons; the page says how things stand after each."""
    console_keys(page, demo, app)
    section = page.get_by_role("region", name="PS256")
    section.get_by_role("button", name="Take it back from all").click()
    expect(page.get_by_role("status")).to_contain_text("for no app any more")
    expect(section).not_to_contain_text("signs already for")

    section.locator("summary", has_text="Try this key").click()
    section.locator(f"input[name='app-{DISPATCH}']").check()
    section.get_by_role("button", name="Let it sign for these alone").click()
    expect(page.get_by_role("status")).to_contain_text("signs for the chosen apps")
    expect(section).to_contain_text("signs already for Roadside Assistance")

    page.get_by_role("button", name="Start a drill").click()
    expect(page.get_by_role("status")).to_contain_text("The drill is over")
    expect(page.locator("#drills ~ ul li").first).to_contain_text(re.compile(r"own process: dropped it after \d"))


def test_an_app_is_stopped_by_whoever_unfolds_what_that_means(new_page: NewPage, demo: Demo, app: RelyingParty) -> None:
    """At 320 pixels, by keyboard: the fold says what happens, the button does it, the list says so."""
    page, name = new_page(viewport={"width": 320, "height": 640}), f"app-{secrets.token_hex(4)}"
    demo.add_client(name, client_name=name, redirect_uris=["https://app.example.com/callback"])
    page.wait_for_timeout(1000)  # The directory hears of it within half a second.
    console_clients(page, demo, app)
    row = page.locator("li", has_text=name)
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(row).to_contain_text("refused within a second")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The app is out of service")
    assert 0 == width_beyond(page)
