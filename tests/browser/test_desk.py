"""The story of a call: a support agent verifies a caller and unlocks the account; what takes two people takes two."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from idp.accounts.policy import StaffRole
from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.desk import find_at_desk, rest
from tests.browser.passkeys import enrolled_in
from tests.browser.staff import enter_console
from tests.browser.steps import expect_heading, mail_to, type_sign_in, width_beyond
from tests.support.served import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-console")]
TICKET = "CASE-2048"


def idp(demo: Demo, *words: str) -> str:
    """Run a command beside the demo, as its operator."""
    config = demo.folder / "var" / "demo" / str(demo.port) / "idp.toml"
    done = subprocess.run(
        [sys.executable, "-m", "idp.cli", *words, "--config", str(config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def trail(demo: Demo, account_id: str) -> list[dict[str, Any]]:
    """Read what the audit trail says about an account."""
    lines = idp(demo, "audit", "tail", "--account", account_id, "--lines", "200", "--json").splitlines()
    return [json.loads(line) for line in lines if line]


def serve(page: Page, button: str) -> None:
    """Fill in reason and ticket, and press a button."""
    page.locator("#reason").fill("Forgot the password after a holiday")
    page.locator("#ticket").fill(TICKET)
    page.locator(f"button[value={button}]").click()


def test_a_caller_is_verified_and_unlocked(page: Page, demo: Demo) -> None:
    """Locked out, on the telephone: a mailed code, the pause ended, told by mail; every step in a trail that holds."""
    user_id = demo.add_person(email_verified=True)
    find_at_desk(page, demo, user_id)
    rest(demo, user_id)
    expect(page.locator("main")).not_to_contain_text("What keeps them from signing in")
    expect(page.locator(".aloud")).to_contain_text("I need a call code")
    page.get_by_role("button", name="Mail a code there").click()
    code = re.search(r"^\d{4} \d{4}$", mail_to(page, demo, f"{user_id}@example.com"), re.MULTILINE)
    assert code
    page.locator("#code").fill(code[0])
    page.get_by_role("button", name="Verify the caller").click()
    expect(page.get_by_role("status")).to_contain_text("verified for half an hour")
    expect(page.locator("main")).to_contain_text("Too many wrong passwords in browsers that are not known")
    serve(page, "unlock")
    expect(page.get_by_role("status")).to_contain_text("Passwords are looked at again")
    expect(page.locator("main")).to_contain_text("Nothing that we know of")
    told = mail_to(page, demo, f"{user_id}@example.com", holding="passwords be tried again")
    assert TICKET in told

    account_id = page.url.partition("/desk/accounts/")[2].partition("?")[0]
    page.get_by_role("button", name="The call is over").click()
    expect(page.locator("main")).to_contain_text("Nobody is verified")
    found = trail(demo, account_id)
    steps = [
        "desk.searched",
        "desk.viewed",
        "call_code.made",
        "call.verified",
        "account.unlocked",
        "desk.acted",
        "call.ended",
    ]
    kinds = [event["type"] for event in found]
    places = [kinds.index(step) for step in steps]
    assert sorted(places) == places
    assert all(event["reference"] for event in found if event["type"] in steps)
    assert "events hold" in idp(demo, "audit", "verify")


def test_second_factors_are_taken_by_two_agents(page: Page, new_page: NewPage, demo: Demo) -> None:
    """The customer's own session shows the code; one agent proposes, another approves, at 320 pixels."""
    customer = new_page()
    customer.goto(f"{demo.issuer}/account/call-code")
    user_id = demo.add_person(email_verified=True)
    type_sign_in(customer, user_id)
    expect_heading(customer, "Code for a call to support")
    customer.get_by_role("button", name="Show me a code").click()
    find_at_desk(page, demo, user_id)
    page.locator("#code").fill(customer.locator(".call-code").inner_text())
    page.get_by_role("button", name="Verify the caller").click()
    expect(page.get_by_role("status")).to_contain_text("verified for half an hour")
    expect(page.locator("button[value=reset_factor]")).to_have_count(0)
    enrolled_in(demo, user_id)
    page.reload()
    serve(page, "reset_factor")
    expect(page.get_by_role("status")).to_contain_text("A second person decides")

    colleague = new_page(viewport={"width": 320, "height": 640})
    enter_console(colleague, demo, "/security/approvals", StaffRole.SUPPORT)
    colleague.get_by_role("link", name="Take every second factor from a caller’s account").first.click()
    expect(colleague.locator("dl")).to_contain_text(user_id)
    expect(colleague.locator("dl")).to_contain_text(TICKET)
    assert 0 == width_beyond(colleague)
    colleague.get_by_role("button", name="Approve and do it").click()
    expect(colleague.get_by_role("status")).to_contain_text("Approved and done")
    page.reload()
    expect(page.locator("main")).to_contain_text("in 0 browsers")
    expect(page.locator("button[value=reset_factor]")).to_have_count(0)
