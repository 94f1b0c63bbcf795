"""A call to the support desk in Chromium: an agent finds somebody, who reads out a code."""

from __future__ import annotations

import time

from playwright.sync_api import Page
from sqlalchemy import delete, insert

from idp.accounts.find import find_by_identifier
from idp.accounts.policy import StaffRole
from idp.lockout.keys import account_key
from idp.lockout.models import COUNTERS
from idp.lockout.policy import GuessKind
from tests.browser.demo import Demo
from tests.browser.staff import enter_console
from tests.browser.steps import type_sign_in


def find_at_desk(page: Page, demo: Demo, user_id: str, role: StaffRole = StaffRole.SUPPORT) -> None:
    """Sit down at the desk as somebody new, and find an account."""
    enter_console(page, demo, "/desk", role)
    page.locator("#typed").fill(user_id)
    page.locator("button[value=find]").click()
    page.wait_for_url(f"{demo.issuer}/desk/accounts/**")


def call_code_of(demo: Demo, page: Page, user_id: str) -> str:
    """Sign the customer in, in a browser of their own, and read the code that they are shown."""
    browser = page.context.browser
    assert browser
    context = browser.new_context()
    own = context.new_page()
    own.goto(f"{demo.issuer}/account/call-code")
    type_sign_in(own, user_id)
    own.locator("button[value=make]").click()
    code = own.locator(".call-code").inner_text()
    context.close()
    return code


def rest(demo: Demo, user_id: str) -> None:
    """Let ten passwords have been wrong, a moment ago, in browsers that are not known."""
    now = time.time()
    with demo.database.writing() as connection:
        account = find_by_identifier(connection, identifier=user_id)
        assert account
        row = {"key": account_key(account.id), "kind": GuessKind.IDENTIFIER.value, "window_started": now - 60.0}
        connection.execute(delete(COUNTERS).where(COUNTERS.c.key == row["key"]))
        connection.execute(insert(COUNTERS).values(row | {"failures": 10, "consecutive": 10, "exhausted_at": now}))
