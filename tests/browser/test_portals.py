"""The whole journey, from portal to portal, in one browser: with script, without it, and with the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Response, Route, expect

from idp.demo.people import PASSWORD
from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import WRONG, enter_portal, expect_heading, type_sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-portals")]


def test_dana_uses_both_portals_with_one_sign_in(page: Page, demo: Demo, app: RelyingParty) -> None:
    """She signs in at one, is in at the other without a password; signing out at one ends both, and the session."""
    enter_portal(page, demo.driver_portal)
    expect_heading(page, "Hello Dana")

    page.goto(demo.fleet_portal)
    page.get_by_role("link", name="Sign in").click()
    expect_heading(page, "Your fleet")

    names = {cookie["name"] for cookie in page.context.cookies()}
    assert {"driver_portal", "fleet_portal", "idp_session"} <= names

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out")
    page.goto(demo.driver_portal)
    expect(page.get_by_role("status")).to_contain_text("Your session has ended")
    page.goto(app.ask(prompt="none"))
    assert "login_required" == app.answer["error"]


def test_the_way_through_a_portal_ends_at_the_portal(page: Page, demo: Demo) -> None:
    """From the answer of the sign-in form to the portal's own page: Chromium follows every redirect of the chain."""
    hops: list[tuple[int, str]] = []

    def note(answer: Response) -> None:
        if answer.request.is_navigation_request():
            hops.append((answer.status, answer.url.partition("?")[0]))

    page.goto(f"{demo.driver_portal}/sign-in")
    page.on("response", note)
    type_sign_in(page, "dana")
    expect_heading(page, "Hello Dana")
    expected = [f"{demo.issuer}/sign-in", f"{demo.driver_portal}/callback", f"{demo.driver_portal}/"]
    assert expected == [address for _, address in hops]
    assert [303, 303, 200] == [status for status, _ in hops]


def test_a_policy_that_names_only_ourselves_would_strand_people(new_page: NewPage, demo: Demo) -> None:
    """Chromium checks form-action on redirects, too: without the app's origin in it, Dana stays where she was."""
    page = new_page(forgiving=True)

    def narrow(route: Route) -> None:
        answer = route.fetch()
        policy = re.sub(r"form-action [^;]*", "form-action 'self'", answer.headers["content-security-policy"])
        assert answer.headers["content-security-policy"] != policy
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": policy})

    page.goto(f"{demo.driver_portal}/sign-in")
    page.route(page.url, narrow, times=1)
    page.reload()
    with page.expect_console_message(lambda said: "form-action" in said.text):
        type_sign_in(page, "dana")
    assert page.url.startswith(f"{demo.issuer}/sign-in")


def test_without_script_nothing_is_missing(new_page: NewPage, demo: Demo) -> None:
    """In, across and out again in a browser that runs no script."""
    page = new_page(java_script_enabled=False)
    enter_portal(page, demo.driver_portal)
    page.goto(f"{demo.fleet_portal}/sign-in")
    expect_heading(page, "Your fleet")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out")


def test_with_the_keyboard_alone(page: Page, demo: Demo) -> None:
    """Tab and Enter lead from the portal through a mistyped password into the portal; the focus can be seen."""
    page.goto(demo.driver_portal)
    tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    expect(page.locator("#user_id")).to_be_focused()
    page.keyboard.type("dana")
    page.keyboard.press("Tab")
    page.keyboard.type(WRONG)
    page.keyboard.press("Enter")

    expect(page.locator("#error-summary")).to_be_focused()
    tab_to(page, "User ID and password do not match")
    page.keyboard.press("Enter")
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect_heading(page, "Hello Dana")


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the element with these words has the focus; each stop on the way is seen to have it."""
    for _ in range(12):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const here = document.activeElement, look = getComputedStyle(here);
                return {text: here.textContent, width: parseFloat(look.outlineWidth), style: look.outlineStyle};
            }"""
        )
        assert stop["width"] >= 2, stop
        assert "none" != stop["style"], stop
        if words in stop["text"]:
            return
    pytest.fail(f"no way by Tab to {words!r}")
