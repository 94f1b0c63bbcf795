"""The pages of second factors, and the way to each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import pyotp
from playwright.sync_api import Page

from idp.demo.people import PEOPLE
from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import enter_portal, type_sign_in

Scene = Callable[[Page, Demo, RelyingParty], None]
TOM: Final = next(person.totp_secret for person in PEOPLE if person.user_id == "tom") or ""


def verify_app(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The code of an app, after a wrong one."""
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, "tom")
    page.locator("#code").fill("no code")
    page.get_by_role("button", name="Continue").click()
    page.locator("#error-summary").wait_for()


def verify_ways(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The list of other ways."""
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, "tom")
    page.get_by_role("link", name="Try another way").click()
    page.locator("ul.ways").wait_for()


def verify_recovery_code(page: Page, demo: Demo, app: RelyingParty) -> None:
    """A recovery code instead."""
    verify_ways(page, demo, app)
    page.get_by_role("link", name="Recovery code").click()
    page.locator("#code").wait_for()


def enrol_asked(page: Page, demo: Demo, _: RelyingParty) -> None:
    """An app asks for a second step that the account does not have."""
    enter_portal(page, demo.driver_portal)
    page.get_by_role("link", name="Change the account that pays").click()
    page.get_by_role("button", name="Change the account that pays").click()
    page.locator("ul.ways").wait_for()


def step_up_refused(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Back at the app after Not now."""
    enrol_asked(page, demo, app)
    page.get_by_role("button", name="Not now").click()
    page.wait_for_url(re.compile("refused"))


def enrol_app(page: Page, demo: Demo, _: RelyingParty) -> None:
    """An app to be added, with everything unfolded."""
    page.goto(f"{demo.issuer}/enrol-factor")
    type_sign_in(page, demo.add_person())
    page.get_by_role("link", name="Authenticator app").click()
    page.locator("summary").click()


def enrol_passkey(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A passkey to be added."""
    page.goto(f"{demo.issuer}/enrol-factor")
    type_sign_in(page, demo.add_person())
    page.get_by_role("link", name="Passkey").click()
    page.locator("#passkey_name").wait_for()


def recovery_codes(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The codes, this once."""
    enrol_app(page, demo, app)
    page.locator("#name").fill("My phone")
    page.locator("#code").fill(shown_code(page))
    page.get_by_role("button", name="Add this app").click()
    page.locator("ol.recovery-codes").wait_for()


def own_factor(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The only device of an account, which is not removed by accident."""
    recovery_codes(page, demo, app)
    page.get_by_role("link", name="I have saved them").click()
    page.get_by_role("link", name="Rename or remove").click()
    page.get_by_role("button", name="Remove My phone").click()
    page.locator("#error-summary").wait_for()


def own_recovery_codes(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The question before new codes."""
    recovery_codes(page, demo, app)
    page.goto(f"{demo.issuer}/enrol-factor?kind=recovery_codes")
    page.get_by_role("button", name="Make new codes").wait_for()


def shown_code(page: Page) -> str:
    """Type the secret of the page into an app, and read the code that it shows."""
    return pyotp.TOTP(page.locator("code.secret").inner_text().replace(" ", "")).now()


FACTOR_SCENES: Final[tuple[Scene, ...]] = (
    verify_app,
    verify_ways,
    verify_recovery_code,
    enrol_asked,
    step_up_refused,
    enrol_app,
    enrol_passkey,
    recovery_codes,
    own_factor,
    own_recovery_codes,
)
