"""Getting back in with a forgotten password or user ID, as people do it: in a browser, with the mail beside it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.steps import ask_for_mail, code_and_link, expect_heading, focused_id, mail_to, type_sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-recovery")]
CHOSEN = "blue giraffes read slowly"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_a_portal_and_back_to_it(new_page: NewPage, demo: Demo, *, script: bool) -> None:
    """Forgotten at the sign-in page of a portal, reset by code, and signed in at that portal."""
    page, user_id = new_page(java_script_enabled=script), demo.add_person(email_verified=True)
    page.goto(f"{demo.driver_portal}/sign-in")
    page.get_by_role("link", name="Forgot user ID or password?").click()
    expect_heading(page, "Forgot user ID or password")
    page.get_by_label("E-mail address or user ID").fill(f"{user_id}@example.com")
    page.get_by_role("button", name="Send the mail").click()
    code, _ = code_and_link(mail_to(page, demo, f"{user_id}@example.com"))
    page.get_by_label("Code from the mail").fill(code.lower())
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("New password").fill(CHOSEN)
    page.get_by_role("button", name="Use this password").click()
    expect_heading(page, "Your password is changed")
    page.get_by_role("link", name="Sign in with it").click()
    type_sign_in(page, user_id, CHOSEN)
    expect(page).to_have_url(re.compile(f"^{demo.driver_portal}/"))
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_the_link_in_another_browser(new_page: NewPage, demo: Demo) -> None:
    """Read on the phone: the link asks for the code beside it, and goes on there."""
    desk, phone, user_id = new_page(), new_page(), demo.add_person(email_verified=True)
    ask_for_mail(desk, demo, user_id)
    code, link = code_and_link(mail_to(desk, demo, f"{user_id}@example.com"))
    phone.goto(link)
    phone.get_by_role("button", name="Continue").click()
    expect(phone.locator("#error-summary")).to_be_focused()
    phone.get_by_label("Code from the mail").fill(code)
    phone.get_by_role("button", name="Continue").click()
    expect(phone.get_by_label("New password")).to_be_focused()
    desk.get_by_label("Code from the mail").fill(code)
    desk.get_by_role("button", name="Continue").click()
    expect(desk.locator("#code-error")).to_have_text(re.compile("newest mail"))


def test_with_the_keyboard_alone(page: Page, demo: Demo) -> None:
    """The first field has the focus; Enter sends; the arrow keys choose."""
    page.goto(f"{demo.issuer}/recover")
    assert "identifier" == focused_id(page)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    assert "choice-user_id" == focused_id(page)
    page.keyboard.press("Tab")
    page.keyboard.type("nobody@example.com")
    page.keyboard.press("Enter")
    expect_heading(page, "Check your mail")
    assert "code" == focused_id(page)


def test_going_back_after_the_reset(page: Page, demo: Demo) -> None:
    """The page with the new password cannot be sent again; it says what happened and leads on."""
    user_id = demo.add_person(email_verified=True)
    ask_for_mail(page, demo, user_id)
    page.goto(code_and_link(mail_to(page, demo, f"{user_id}@example.com"))[1])
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("New password").fill(CHOSEN)
    page.get_by_role("button", name="Use this password").click()
    expect_heading(page, "Your password is changed")
    page.go_back()
    page.reload()
    expect_heading(page, "This way back has ended")
    page.get_by_role("link", name="Ask for a new mail").click()
    expect_heading(page, "Forgot user ID or password")


def test_a_forgotten_user_id_comes_by_mail(page: Page, demo: Demo) -> None:
    """One account at the address: nothing is left to do but to read."""
    user_id = demo.add_person(email_verified=True)
    ask_for_mail(page, demo, f"{user_id}@example.com", "user_id")
    assert f"\n{user_id}\n" in mail_to(page, demo, f"{user_id}@example.com")
