"""Choosing a password, with a browser: what is said while it is typed, and what happens without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from idp.demo.people import PASSWORD
from tests.browser.axe import faults_on
from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.steps import expect_heading, sign_in_at_account

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-passwords")]
CHOSEN = "eleven lighthouses in the fog"


def go_to_the_page(page: Page, demo: Demo) -> str:
    """Sign somebody of one's own in, and open the page."""
    user_id = demo.add_person()
    sign_in_at_account(page, demo, user_id)
    page.goto(f"{demo.issuer}/account/password")
    expect_heading(page, "Change your password")
    return user_id


def test_how_strong_it_is_is_said_while_it_is_typed(page: Page, demo: Demo) -> None:
    """Politely, in words, and taken back when the field is emptied; then it is chosen."""
    go_to_the_page(page, demo)
    said = page.get_by_role("status")
    page.get_by_label("New password").press_sequentially("short one")
    expect(said).to_have_text("This password is too short: use at least 15 characters.")
    page.get_by_label("New password").fill(CHOSEN)
    expect(said).to_have_text("This password is strong.")
    page.get_by_label("New password").fill("")
    expect(said).to_have_text("")
    page.get_by_label("New password").fill(CHOSEN)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Use this password").click()
    expect_heading(page, "Your password is changed")
    page.get_by_role("link", name="Back to your account").click()
    expect_heading(page, "Your account")


def test_a_page_that_is_over_says_nothing(page: Page, demo: Demo) -> None:
    """An answer that is no sentence of ours is not shown, and nothing more is asked."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            asked.append(route.request.url)
            route.fulfill(status=400, content_type="text/html", body="<h1>over</h1>")
        else:
            route.fallback()

    go_to_the_page(page, demo)
    page.route("**/account/password", answer)
    with page.expect_response("**/account/password"):
        page.get_by_label("New password").press_sequentially("anything")
    page.get_by_label("New password").press_sequentially(" at all")
    page.wait_for_timeout(1000)
    expect(page.get_by_role("status")).to_have_text("")
    assert 1 == len(asked)


def test_without_script(new_page: NewPage, demo: Demo) -> None:
    """Why it is refused and how strong it was stand on the page that comes back; nothing is lost but the passwords."""
    page = new_page(java_script_enabled=False)
    go_to_the_page(page, demo)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill("short one")
    page.get_by_label("Sign me out everywhere else").uncheck()
    page.get_by_role("button", name="Use this password").click()
    expect(page.locator("#new_password-error")).to_contain_text("too short")
    expect(page.locator(".strength")).to_contain_text("This password is")
    expect(page.get_by_label("Sign me out everywhere else")).not_to_be_checked()
    expect(page.get_by_label("New password")).to_have_value("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_in_anybodys_way(new_page: NewPage, demo: Demo, scheme: str) -> None:
    """No violation that axe can see, on a narrow screen, with every message there is."""
    page = new_page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    go_to_the_page(page, demo)
    page.get_by_label("Current password").fill("wrong")
    page.get_by_label("New password").fill("passwordpassword")
    expect(page.get_by_role("status")).to_contain_text("strangers")
    page.get_by_role("button", name="Use this password").click()
    expect(page.locator("#error-summary")).to_be_focused()
    assert [] == faults_on(page)
