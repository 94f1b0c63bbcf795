"""The pages on which somebody changes their own password, for whoever looks at every page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playwright.sync_api import Page

from idp.demo.people import PASSWORD
from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import sign_in_at_account


def change_own_password(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A first try that is too common."""
    sign_in_at_account(page, demo, demo.add_person())
    page.goto(f"{demo.issuer}/account/password")
    page.locator("#current_password").fill(PASSWORD)
    page.locator("#new_password").fill("passwordpassword")
    page.locator("button.primary").click()
    page.locator("#error-summary").wait_for()


def password_done(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The end of it."""
    change_own_password(page, demo, app)
    page.locator("#current_password").fill(PASSWORD)
    page.locator("#new_password").fill("eleven lighthouses in the fog")
    page.locator("button.primary").click()
    page.locator("a.primary").wait_for()


PASSWORD_SCENES: Final[tuple[Callable[[Page, Demo, RelyingParty], None], ...]] = (change_own_password, password_done)
