"""The account pages in a browser: without script, by keyboard alone, with the back button, and from a mail."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.steps import code_and_link, expect_heading, mail_to, sign_in_at_account, type_sign_in


def ask_for_address(page: Page, demo: Demo, user_id: str) -> str:
    """Ask for another address, and wait for the page that wants its code; gives the address."""
    address = f"{user_id}@new.example.net"
    page.goto(f"{demo.issuer}/account/email")
    page.locator("#email").fill(address)
    page.locator("button[value=ask]").click()
    expect(page.locator("#code")).to_be_visible()
    return address


def test_another_address_without_script(new_page: NewPage, demo: Demo) -> None:
    """Everything on these pages works without JavaScript."""
    page = new_page(java_script_enabled=False)
    user_id = demo.add_person(email_verified=True)
    sign_in_at_account(page, demo, user_id)
    address = ask_for_address(page, demo, user_id)
    page.locator("#code").fill(code_and_link(mail_to(page, demo, address))[0])
    page.locator("button[value=confirm]").click()
    expect_heading(page, "Your e-mail address is changed")
    page.goto(f"{demo.issuer}/account/details")
    expect(page.get_by_text(address)).to_be_visible()


def test_going_back_after_a_change(page: Page, demo: Demo) -> None:
    """The old form, sent again, changes nothing and says nothing wrong."""
    user_id = demo.add_person(email_verified=True)
    sign_in_at_account(page, demo, user_id)
    address = ask_for_address(page, demo, user_id)
    code = code_and_link(mail_to(page, demo, address))[0]
    page.locator("#code").fill(code)
    page.locator("button[value=confirm]").click()
    expect_heading(page, "Your e-mail address is changed")
    page.go_back()
    expect_heading(page, "New e-mail address")
    expect(page.get_by_text(f"Now: {address}")).to_be_visible()


def test_the_session_list_by_keyboard(new_page: NewPage, demo: Demo) -> None:
    """Tab and Enter end the sessions everywhere else."""
    user_id = demo.add_person(email_verified=True)
    other, page = new_page(), new_page()
    sign_in_at_account(other, demo, user_id)
    sign_in_at_account(page, demo, user_id)
    page.goto(f"{demo.issuer}/account/sessions")
    button = page.get_by_role("button", name="Sign out everywhere else")
    for _ in range(30):
        if button.evaluate("it => it === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(re.compile("signed out everywhere else"))
    other.goto(f"{demo.issuer}/account")
    expect_heading(other, "Sign in")


def test_this_was_not_me_from_a_mail_in_another_browser(new_page: NewPage, demo: Demo) -> None:
    """The link opens a page without effect; its button locks, and the password opens nothing any more."""
    user_id = demo.add_person(email_verified=True)
    owner, thief, phone = new_page(), new_page(), new_page()
    sign_in_at_account(owner, demo, user_id)
    sign_in_at_account(thief, demo, user_id)
    link = re.search(r"http\S+/lock-down\?token=\S+", mail_to(owner, demo, f"{user_id}@example.com"))
    assert link
    phone.goto(link[0])
    expect_heading(phone, "This wasn’t me")
    thief.reload()
    expect_heading(thief, "Your account")
    phone.get_by_role("button", name="Lock my account").click()
    expect_heading(phone, "Your account is locked")
    thief.reload()
    expect_heading(thief, "Sign in")
    type_sign_in(thief, user_id)
    expect(thief.get_by_role("heading", level=1)).not_to_have_text("Your account")
