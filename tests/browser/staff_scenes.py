"""The pages of the security console, and the way to each: by a passkey, with something to see on every one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playwright.sync_api import Page

from idp.accounts.policy import StaffRole
from tests.browser.demo import Demo
from tests.browser.passkeys import Device
from tests.browser.relying_party import RelyingParty
from tests.browser.staff import furnish, hired, invited

Scene = Callable[[Page, Demo, RelyingParty], None]


def enter_console(page: Page, demo: Demo, path: str = "/security", role: StaffRole = StaffRole.SECURITY) -> None:
    """Sign in as a new member of staff, whose browser offers the passkey, and open a page of the console."""
    furnish(demo)
    Device.of(page).put(hired(demo, role))
    page.goto(f"{demo.issuer}{path}")
    page.locator(".console h1").wait_for()


def console_overview(page: Page, demo: Demo, _: RelyingParty) -> None:
    """What needs attention, and the team."""
    enter_console(page, demo)


def console_keys(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Keys in every state, an incident, and the buttons of the first key unfolded."""
    enter_console(page, demo, "/security/keys")
    for fold in page.locator("summary").all():
        fold.click()


def console_keys_read(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The same for an auditor, who presses nothing."""
    enter_console(page, demo, "/security/keys", StaffRole.AUDITOR)


def console_approvals(page: Page, demo: Demo, _: RelyingParty) -> None:
    """What waits for a second person, and what waited before."""
    enter_console(page, demo, "/security/approvals")


def console_approval(page: Page, demo: Demo, app: RelyingParty) -> None:
    """One proposal, to be decided."""
    console_approvals(page, demo, app)
    page.locator(".things a").first.click()
    page.locator("button[value=approve]").wait_for()


def console_attacks(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A night of attacks."""
    enter_console(page, demo, "/security/attacks")


def console_audit(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The latest events."""
    enter_console(page, demo, "/security/audit")


def console_audit_empty(page: Page, demo: Demo, app: RelyingParty) -> None:
    """A search that finds nothing."""
    console_audit(page, demo, app)
    page.locator("#client_id").fill("nobody-has-this-name")
    page.locator("form[method=get] button").click()


def console_clients(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The apps."""
    enter_console(page, demo, "/security/clients")


def console_refused(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A page that a support agent may not see."""
    enter_console(page, demo, "/security", StaffRole.SUPPORT)
    page.goto(f"{demo.issuer}/security/keys")


def invitation(page: Page, demo: Demo, _: RelyingParty) -> None:
    """What the link of an invitation opens."""
    page.goto(f"{demo.issuer}/invitation?token={invited(demo, 'a-new-colleague')}")
    page.locator("#passkey_name").wait_for()


STAFF_SCENES: Final[tuple[Scene, ...]] = (
    console_overview,
    console_keys,
    console_keys_read,
    console_approvals,
    console_approval,
    console_attacks,
    console_audit,
    console_audit_empty,
    console_clients,
    console_refused,
    invitation,
)
