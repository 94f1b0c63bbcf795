"""The pages of the security console, and the way to each: by a passkey, with something to see on every one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from playwright.sync_api import Page

from idp.accounts.policy import StaffRole
from tests.browser.demo import Demo
from tests.browser.desk import call_code_of, find_at_desk, rest
from tests.browser.relying_party import RelyingParty
from tests.browser.staff import enter_console, invited

Scene = Callable[[Page, Demo, RelyingParty], None]


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


def desk_nobody(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A search that finds nobody, and what to say then."""
    enter_console(page, demo, "/desk", StaffRole.SUPPORT)
    page.locator("#typed").fill("nobody-has-this-name")
    page.locator("button[value=find]").click()
    page.locator(".aloud").wait_for()


def desk_unverified(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Somebody is found, and the caller has read out a wrong code."""
    find_at_desk(page, demo, demo.add_person(email_verified=True))
    page.locator("#code").fill("0000 0000")
    page.locator("button[value=verify]").click()
    page.locator("#error-summary").wait_for()


def desk_account(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A verified caller whose passwords rest, a value shown whole, and a form that lacks its ticket."""
    user_id = demo.add_person(email_verified=True)
    find_at_desk(page, demo, user_id)
    page.locator("#code").fill(call_code_of(demo, page, user_id))
    rest(demo, user_id)
    page.locator("button[value=verify]").click()
    page.locator("summary").click()
    page.locator("#reveal_reason").fill("To write to the right address")
    page.locator("button[value=reveal_email]").click()
    page.locator("#reason").fill("Forgot the password after a holiday")
    page.locator("button[value=unlock]").click()
    page.locator("#error-summary").wait_for()


def desk_read(page: Page, demo: Demo, _: RelyingParty) -> None:
    """An account as an auditor sees it: masked, and without buttons."""
    find_at_desk(page, demo, demo.add_person(email_verified=True), StaffRole.AUDITOR)


def desk_not_served(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A colleague's account."""
    enter_console(page, demo, "/desk", StaffRole.SUPPORT)
    user_id = f"colleague-{secrets.token_hex(4)}"
    invited(demo, user_id)
    page.locator("#typed").fill(user_id)
    page.locator("button[value=find]").click()
    page.locator("svg.fault").wait_for()


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
    desk_nobody,
    desk_unverified,
    desk_account,
    desk_read,
    desk_not_served,
    invitation,
)
