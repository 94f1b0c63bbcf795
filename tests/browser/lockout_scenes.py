"""The pages of lockout, and the way to each: slowed down, told to wait, locked, stopped."""

from __future__ import annotations

import time
from typing import Final

from playwright.sync_api import Page
from sqlalchemy import insert

from idp.accounts.find import find_by_identifier
from idp.lockout.keys import account_key
from idp.lockout.models import COUNTERS
from idp.lockout.policy import STOP_AFTER, GuessKind
from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import WRONG, type_sign_in


def go_slow(page: Page, app: RelyingParty) -> None:
    """Open the page that asks for work, from a sign-in that has just begun."""
    page.goto(app.ask())
    page.goto(page.url.replace("/sign-in?", "/slow-down?"))


def failing_person(demo: Demo, *, failures: int, consecutive: int) -> str:
    """Add somebody for whom so many passwords were wrong; gives the user ID."""
    user_id, now = demo.add_person(), time.time()
    with demo.database.writing() as connection:
        account = find_by_identifier(connection, identifier=user_id)
        assert account is not None
        row = {
            "key": account_key(account.id),
            "kind": GuessKind.IDENTIFIER.value,
            "window_started": now,
            "failures": failures,
            "exhausted_at": now if failures > 9 else None,
            "consecutive": consecutive,
            "next_at": now + 8.0,
        }
        connection.execute(insert(COUNTERS).values(row))
    return user_id


def slow_down(page: Page, _: Demo, app: RelyingParty) -> None:
    """Asked for work, without script."""
    page.route("**/static/slow_down.js*", lambda route: route.abort())
    go_slow(page, app)


def too_soon(page: Page, demo: Demo, app: RelyingParty) -> None:
    """A guess that comes too soon after nine wrong ones."""
    page.goto(app.ask())
    type_sign_in(page, failing_person(demo, failures=9, consecutive=9), WRONG)
    page.locator("#error-summary").wait_for()


def locked(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The pause after ten wrong passwords."""
    page.goto(app.ask())
    type_sign_in(page, failing_person(demo, failures=10, consecutive=10))
    page.locator("#error-summary").wait_for()


def stopped(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The end after a hundred in a row."""
    page.goto(app.ask())
    type_sign_in(page, failing_person(demo, failures=10, consecutive=STOP_AFTER))
    page.locator("#error-summary").wait_for()


LOCKOUT_SCENES: Final = (slow_down, too_soon, locked, stopped)
