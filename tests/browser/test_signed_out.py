"""The page after signing out: apps that sign out in its frames, and which apps have heard of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults_on
from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty, registered
from tests.browser.steps import enter_portal, expect_heading, type_sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-apps")]


def _signed_in_to(app: RelyingParty, page: Page, demo: Demo) -> str:
    """Sign a new person in, and give the ID token."""
    page.goto(app.ask(scope="openid"))
    type_sign_in(page, demo.add_person())
    page.get_by_role("button", name="Allow").click()
    expect_heading(page, "Back in the app")
    return str(app.tokens()["id_token"])


def test_an_app_signs_out_in_a_frame_before_the_person_goes_on(page: Page, demo: Demo) -> None:
    """The frame is loaded, with iss and sid; then the browser goes on by itself, with the state."""
    with registered(demo, framed=True) as app:
        hint = _signed_in_to(app, page, demo)
        page.goto(app.leave(id_token_hint=hint, post_logout_redirect_uri=app.after_sign_out, state="s-1"))
        expect_heading(page, "Back in the app")
        framed, back = app.answers[-2:]
        assert ("/leave", demo.issuer, True) == (framed["path"], framed["iss"], len(framed["sid"]) > 16)
        assert ("/goodbye", "s-1") == (back["path"], back["state"])


def test_without_script_the_person_goes_on_all_the_same(new_page: NewPage, demo: Demo) -> None:
    """By the page's own refresh, or sooner by its button."""
    page = new_page(java_script_enabled=False)
    with registered(demo, framed=True) as app:
        hint = _signed_in_to(app, page, demo)
        page.goto(app.leave(id_token_hint=hint, post_logout_redirect_uri=app.after_sign_out))
        expect_heading(page, "You are signed out")
        expect_heading(page, "Back in the app")
        assert ["/leave", "/goodbye"] == [answer["path"] for answer in app.answers[-2:]]


def test_the_page_tells_when_apps_have_heard(page: Page, demo: Demo) -> None:
    """Both portals, pending or not at first; reloading it shows them signed out, and sends no form again."""
    enter_portal(page, demo.driver_portal)
    page.goto(f"{demo.fleet_portal}/sign-in")
    page.goto(f"{demo.issuer}/end-session")
    page.get_by_role("button", name="Sign out").click()
    expect_heading(page, "You are signed out")
    facts = page.locator(".facts")
    expect(facts).to_contain_text("Driver Portal")
    expect(facts).to_contain_text("Fleet Portal")
    assert [] == faults_on(page)
    for _ in range(50):
        if not page.get_by_role("link", name="Check again").count():
            break
        page.wait_for_timeout(200)
        page.reload()
    assert 2 == facts.get_by_text("Signed out", exact=True).count()
    assert [] == faults_on(page)
    page.goto(demo.fleet_portal)
    expect(page.get_by_role("status")).to_contain_text("Your session has ended")
