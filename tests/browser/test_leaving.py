"""Signing out, with a question where an app cannot prove that it was meant, and the account page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import enter_portal, expect_heading, sign_in_at_account, type_sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-apps")]


def test_a_doubtful_sign_out_is_asked_about(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Without proof of who asks, people are asked; staying leads to the account, and leaving leaves."""
    sign_in_at_account(page, demo, "dana")
    page.goto(app.leave(client_id=app.client_id))
    expect_heading(page, "Sign out?")
    expect(page.locator("main")).to_contain_text("Dana Q. Roadwell")
    page.get_by_role("button", name="Stay signed in").click()
    expect_heading(page, "Your account")

    page.goto(app.leave(client_id=app.client_id))
    page.get_by_role("button", name="Sign out").click()
    expect_heading(page, "You are signed out")
    page.goto(app.ask(prompt="none"))
    assert "login_required" == app.answer["error"]


def test_an_app_that_proves_itself_gets_people_back(page: Page, demo: Demo, app: RelyingParty) -> None:
    """With its ID token there is no question, and the app's own page comes next, with its state."""
    page.goto(app.ask(scope="openid"))
    type_sign_in(page, demo.add_person())
    page.get_by_role("button", name="Allow").click()
    expect_heading(page, "Back in the app")
    hint = str(app.tokens()["id_token"])
    page.goto(app.leave(id_token_hint=hint, post_logout_redirect_uri=app.after_sign_out, state="s-1"))
    expect_heading(page, "Back in the app")
    assert ("/goodbye", "s-1") == (app.answer["path"], app.answer["state"])


def test_the_account_page_knows_who_and_when(page: Page, demo: Demo) -> None:
    """Name, the sign-in before this one in the person's own zone, the apps, and a way out."""
    user_id = demo.add_person(claims={"name": "Pat Person", "zoneinfo": "Asia/Tokyo"}, locale="en")
    sign_in_at_account(page, demo, user_id)
    facts = page.locator(".facts")
    expect(facts).to_contain_text("This is your first one")
    page.get_by_role("button", name="Sign out").click()
    expect_heading(page, "You are signed out")
    page.get_by_role("link", name="Sign in again").click()
    type_sign_in(page, user_id)
    expect(facts).to_contain_text("Pat Person")
    expect(facts).to_contain_text("(Tokyo)")
    page.get_by_role("link", name="Driver Portal").click()
    expect_heading(page, "You are signed in|Your car")


def test_an_ended_session_ends_at_the_portal(page: Page, demo: Demo) -> None:
    """Signing out at one portal: the other asks the issuer again at the next sign-in, and a password is due."""
    enter_portal(page, demo.fleet_portal)
    page.goto(f"{demo.driver_portal}/sign-in")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out")
    page.goto(f"{demo.fleet_portal}/sign-in")
    expect_heading(page, "Sign in")
