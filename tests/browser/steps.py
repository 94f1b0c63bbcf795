"""What a person does, in the words of the pages."""

from __future__ import annotations

import html
import re

from playwright.sync_api import Page, expect

from idp.demo.people import PASSWORD
from tests.browser.demo import Demo

WRONG = "not the password at all"


def type_sign_in(page: Page, user_id: str, password: str = PASSWORD) -> None:
    """Fill the sign-in form and press its button."""
    page.locator("#user_id").fill(user_id)
    page.locator("#password").fill(password)
    page.locator("button[value=sign_in]").click()


def expect_heading(page: Page, words: str) -> None:
    """Expect the page to be the one with this first heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(words))


def enter_portal(page: Page, portal: str, user_id: str = "dana") -> None:
    """Go to a portal and sign in by way of the issuer."""
    page.goto(portal)
    page.get_by_role("link", name="Sign in").click()
    type_sign_in(page, user_id)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def sign_in_at_account(page: Page, demo: Demo, user_id: str) -> None:
    """Sign in to the issuer's own page."""
    page.goto(f"{demo.issuer}/account")
    type_sign_in(page, user_id)
    expect_heading(page, "Your account|Ihr Konto")


def ask_for_mail(page: Page, demo: Demo, identifier: str, choice: str = "password") -> None:
    """Ask for a mail, and wait on the page for its code."""
    page.goto(f"{demo.issuer}/recover")
    page.locator(f"#choice-{choice}").check()
    page.locator("#identifier").fill(identifier)
    page.locator("main form button").click()
    expect(page.locator("#code")).to_be_visible()


def mail_to(page: Page, demo: Demo, address: str, *, holding: str = "") -> str:
    """Wait for the newest mail to an address (that holds some words) in the demo's mailbox; gives its words."""
    for _ in range(60):
        mailbox = page.request.get(f"{demo.issuer}/demo/mailbox").text()
        for message in mailbox.split("<li>")[1:]:
            if re.search(rf"\b(to|an) {re.escape(address)},", message) and holding in message:
                return html.unescape(re.sub(r"<[^>]+>", "", message))
        page.wait_for_timeout(250)
    raise AssertionError(f"no mail to {address}")


def code_and_link(mail: str) -> tuple[str, str]:
    """Read the code and the link in a mail."""
    code = re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", mail, re.MULTILINE)
    link = re.search(r"http\S+/reset-password\?token=\S+", mail)
    assert code
    return code[0], link[0] if link else ""


def focused_id(page: Page) -> str:
    """Give the id of the element that has the focus."""
    return str(page.evaluate("document.activeElement.id"))


def width_beyond(page: Page) -> int:
    """Give by how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
