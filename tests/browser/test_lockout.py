"""Lockout as people meet it: their browser works for them, with script or without, and a lock leads to the way out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.lockout_scenes import go_slow, locked
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import expect_heading, type_sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-lockout")]


def test_the_browser_works_by_itself(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Nobody presses anything: the sign-in page comes back, and signs in."""
    go_slow(page, app)
    page.wait_for_url("**/sign-in?journey=*")
    type_sign_in(page, demo.add_person())
    expect_heading(page, "Allow access")


def test_without_script_continue_says_how_long(new_page: NewPage, app: RelyingParty) -> None:
    """Pressing too early tells what is left."""
    page = new_page(java_script_enabled=False)
    go_slow(page, app)
    page.get_by_role("button", name="Continue").click()
    expect_heading(page, "One moment, please")
    assert "then press Continue" in page.locator("#error-summary").inner_text()


def test_a_lock_leads_to_recovery(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The first way that the page names is one that works at once."""
    locked(page, demo, app)
    expect_heading(page, "Signing in is paused")
    page.get_by_role("link", name="Reset your password").click()
    expect_heading(page, "Forgot user ID or password")
