"""The sign-in page as people meet it: mistakes, two tabs, the back button, no cookies, another language."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest
from playwright.sync_api import Page, expect

from idp.demo.people import PASSWORD
from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import WRONG, expect_heading, type_sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-signing-in")]


def test_a_wrong_password_keeps_what_was_typed(page: Page, app: RelyingParty) -> None:
    """The user ID stays, the password does not; the fault has the focus, and the title says so first."""
    page.goto(app.ask())
    type_sign_in(page, "dana", WRONG)

    expect(page.locator("#error-summary")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: Sign in"))
    expect(page.locator("#user_id")).to_have_value("dana")
    expect(page.locator("#password")).to_have_value("")
    words = page.locator("#error-summary a").inner_text()
    expect(page.locator("#password-error")).to_have_text(words)
    expect(page.locator("#password")).to_have_attribute("aria-invalid", "true")


def test_a_double_click_signs_in_once(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The second press is held back, so that it does not ask for a journey that the first one has ended."""
    page.goto(f"{demo.driver_portal}/sign-in")
    page.locator("#user_id").fill("dana")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).dblclick()
    expect_heading(page, "Hello Dana")
    page.goto(app.ask(prompt="consent"))
    page.get_by_role("button", name="Allow").dblclick()
    expect_heading(page, "Back in the app")


def test_nothing_typed_names_both_fields(page: Page, app: RelyingParty) -> None:
    """Each line of the summary leads to its field."""
    page.goto(app.ask())
    type_sign_in(page, "", "")
    lines = page.locator("#error-summary a")
    expect(lines).to_have_text(["Enter your user ID or e-mail address.", "Enter your password."])
    lines.last.click()
    expect(page.locator("#password")).to_be_focused()


def test_the_pause_says_the_same_for_invented_ids(new_page: NewPage, demo: Demo, app: RelyingParty) -> None:
    """After ten failures a real and an invented user ID get the same words, even with the right password."""
    pages = {name: new_page() for name in (demo.add_person(), "nobody-at-all")}
    for page in pages.values():
        page.goto(app.ask())
    for _ in range(10):
        for name, page in pages.items():
            fail_once(page, app, name)
    first, second = (pause_of(page, name) for name, page in pages.items())
    assert "Signing in is paused" in first
    assert first == second


def fail_once(page: Page, app: RelyingParty, user_id: str) -> None:
    """Send a wrong password until it is looked at: the last few have to wait a little."""
    form: dict[str, str | float | bool] = {
        "form_token": page.locator("[name=form_token]").first.input_value(),
        "user_id": user_id,
        "password": WRONG,
        "action": "sign_in",
    }
    while (answer := page.request.post(page.url, form=form, headers={"Origin": app.issuer})).status != HTTPStatus.OK:
        page.wait_for_timeout(1000 * int(answer.headers["retry-after"]))


def pause_of(page: Page, user_id: str) -> str:
    """Try the right password, and give all words of the page but the time and the reference number."""
    type_sign_in(page, user_id)
    expect(page.locator("#error-summary")).to_be_focused()
    return re.sub(r"\d\d:\d\d|[A-Z]{4}-\d{4}", "…", page.locator("main").inner_text())


def test_two_tabs_are_two_journeys(page: Page, demo: Demo) -> None:
    """Signing in at one portal in one tab does not spoil the form that is open in another."""
    page.goto(f"{demo.driver_portal}/sign-in")
    second = page.context.new_page()
    second.goto(f"{demo.fleet_portal}/sign-in")
    type_sign_in(second, "dana")
    expect_heading(second, "Your fleet")
    type_sign_in(page, "dana")
    expect_heading(page, "Hello Dana")
    second.reload()
    expect_heading(second, "Your fleet")


def test_going_back_after_signing_in(page: Page, demo: Demo) -> None:
    """The old page says that it is over and leads on; nothing of the form comes back."""
    page.goto(demo.driver_portal)
    page.get_by_role("link", name="Sign in").click()
    type_sign_in(page, "dana")
    expect_heading(page, "Hello Dana")
    page.go_back()
    expect_heading(page, "This sign-in has ended")
    page.get_by_role("link", name="Your account").click()
    expect_heading(page, "Your account")
    page.go_back()
    page.go_forward()
    expect_heading(page, "Your account")


def test_going_back_to_what_went_wrong(page: Page, app: RelyingParty) -> None:
    """After a wrong password, the way to recovery and back, or a reload, is no question about sending a form again."""
    page.goto(app.ask())
    type_sign_in(page, "somebody-else", WRONG)
    expect(page).to_have_title(re.compile("^Error:"))
    page.get_by_role("link", name="Forgot user ID or password?").click()
    expect_heading(page, "Forgot user ID")
    page.go_back()
    expect_heading(page, "Sign in")
    type_sign_in(page, "somebody-else", WRONG)
    expect(page).to_have_title(re.compile("^Error:"))
    page.reload()
    expect_heading(page, "Sign in")
    expect(page.locator("#error-summary")).to_have_count(0)


def test_a_journey_that_waited_too_long(page: Page, app: RelyingParty) -> None:
    """When the browser has dropped the cookie of an old journey, cookies are not blamed for it."""
    page.goto(app.ask())
    old = page.url
    page.locator("button[value=cancel]").click()
    expect_heading(page, "Back in the app")
    page.context.clear_cookies()
    page.goto(old)
    expect_heading(page, "This sign-in has ended")
    assert re.search(r"[A-Z]{4}-\d{4}", page.locator(".reference").inner_text())


def test_a_browser_that_keeps_no_cookies(page: Page, app: RelyingParty) -> None:
    """It is told so, and what to do."""
    page.goto(app.ask())
    page.context.clear_cookies()
    page.reload()
    expect_heading(page, "Cookies are switched off")


def test_a_bookmark_of_the_page_leads_to_the_account(page: Page, demo: Demo) -> None:
    """There is no error, but a sign-in to the account."""
    page.goto(f"{demo.issuer}/sign-in")
    expect(page.locator("main")).to_contain_text("to see your account")
    type_sign_in(page, "dana")
    expect_heading(page, "Your account")


def test_the_browser_chooses_the_language(new_page: NewPage, app: RelyingParty) -> None:
    """A German browser gets German; an app that asks for English gets English."""
    page = new_page(locale="de-DE")
    page.goto(app.ask())
    expect_heading(page, "Anmelden")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    type_sign_in(page, "dana", WRONG)
    expect(page).to_have_title(re.compile("^Fehler: Anmelden"))
    page.goto(app.ask(ui_locales="en"))
    expect_heading(page, "Sign in")


def test_the_app_chooses_the_language(page: Page, app: RelyingParty) -> None:
    """An English browser gets German when the app asks for it, on every page of the journey."""
    page.goto(app.ask(ui_locales="fr de", prompt="consent"))
    expect_heading(page, "Anmelden")
    type_sign_in(page, "dana")
    expect_heading(page, "Zugriff erlauben")


def test_password_managers_know_the_fields(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The names by which browsers and managers fill, and keyboards that do not change what is typed."""
    page.goto(app.ask())
    for name, purpose in (("user_id", "username webauthn"), ("password", "current-password")):
        typed = page.locator(f"#{name}")
        expect(typed).to_have_attribute("autocomplete", purpose)
        expect(typed).to_have_attribute("autocapitalize", "none")
        expect(typed).to_have_attribute("spellcheck", "false")
    type_sign_in(page, demo.add_person(must_change=True))
    expect(page.locator("#new_password")).to_have_attribute("autocomplete", "new-password")
    expect(page.locator("[name=user_id]")).to_have_attribute("autocomplete", "username")


def test_pasting_is_allowed(new_page: NewPage, app: RelyingParty) -> None:
    """A password from the clipboard arrives whole."""
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(app.ask())
    page.evaluate("text => navigator.clipboard.writeText(text)", PASSWORD)
    page.locator("#password").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#password")).to_have_value(PASSWORD)


def test_the_password_can_be_shown(page: Page, app: RelyingParty) -> None:
    """Show and Hide say what they do, and the field is a password again when it is sent."""
    page.goto(app.ask())
    typed = page.locator("#password")
    typed.fill("secret words")
    page.get_by_role("button", name="Show password").click()
    expect(typed).to_have_attribute("type", "text")
    expect(typed).to_be_focused()
    page.get_by_role("button", name="Hide password").click()
    expect(typed).to_have_attribute("type", "password")
    expect(typed).to_have_value("secret words")


def test_a_password_that_must_be_replaced(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Too short is said in words, the focus goes there; a long one leads on to the app."""
    user_id = demo.add_person(must_change=True)
    page.goto(app.ask(scope="openid"))
    type_sign_in(page, user_id)
    expect_heading(page, "Choose a new password")
    new = page.locator("#new_password")
    new.fill("short")
    page.get_by_role("button", name="Use this password").click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: Choose"))
    new.fill("seven quiet lorries at dawn")
    page.get_by_role("button", name="Use this password").click()
    expect_heading(page, "Allow access")
