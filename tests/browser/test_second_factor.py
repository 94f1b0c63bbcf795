"""Second factors as people use them: an app, its recovery codes, a passkey, with and without script, by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.factor_scenes import shown_code
from tests.browser.passkeys import Device
from tests.browser.steps import expect_heading, focused_id, mail_to, type_sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-factors")]
ASKED = "Enter the code from your app"


def add_app(page: Page, demo: Demo, user_id: str) -> tuple[pyotp.TOTP, list[str]]:
    """Sign in at the account, add an app there; gives it and the recovery codes."""
    page.goto(f"{demo.issuer}/enrol-factor")
    type_sign_in(page, user_id)
    page.get_by_role("link", name="Authenticator app").click()
    page.locator("summary").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    page.locator("#name").fill("My phone")
    page.locator("#code").fill(shown_code(page))
    page.get_by_role("button", name="Add this app").click()
    expect_heading(page, "Keep these recovery codes")
    return pyotp.TOTP(secret), page.locator("ol.recovery-codes code").all_inner_texts()


def wait_for_the_next_code(page: Page) -> None:
    """Wait until an app shows another code than the one that was typed to add it: each opens once."""
    step = "Math.floor(Date.now() / 30000)"
    page.wait_for_function(f"used => {step} > used", arg=page.evaluate(step), timeout=40_000)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_app_and_losing_it(new_page: NewPage, demo: Demo, *, script: bool) -> None:
    """Added in the account, asked for at a portal, and lost: a recovery code opens the portal all the same."""
    page, user_id = new_page(java_script_enabled=script), demo.add_person()
    _, codes = add_app(page, demo, user_id)
    assert 10 == len(codes)
    expect(page.get_by_role("button", name="Download")).to_be_visible(visible=script)
    page.get_by_role("link", name="I have saved them").click()
    expect(page.locator("main")).to_contain_text("My phone")

    other = new_page(java_script_enabled=script)
    other.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(other, user_id)
    expect_heading(other, ASKED)
    other.get_by_role("link", name="I lost my device").click()
    other.get_by_label("Recovery code").fill(codes[3].lower())
    other.get_by_role("button", name="Continue").click()
    expect(other).to_have_url(f"{demo.driver_portal}/")


def test_the_code_of_the_app_by_keyboard(new_page: NewPage, demo: Demo) -> None:
    """The field has the focus; a wrong code puts it on the summary; Enter sends; the browser is remembered on wish."""
    user_id = demo.add_person()
    app, _ = add_app(new_page(), demo, user_id)
    page = new_page()
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, user_id)
    expect_heading(page, ASKED)
    assert "code" == focused_id(page)
    page.keyboard.type("12 34")
    page.keyboard.press("Enter")
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    page.locator("#remember").check()
    wait_for_the_next_code(page)
    page.locator("#code").fill(app.now())
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{demo.driver_portal}/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, user_id)
    expect(page).to_have_url(f"{demo.driver_portal}/")


def test_the_recovery_codes_can_be_kept(new_page: NewPage, demo: Demo) -> None:
    """Copied, downloaded with whose they are, and printed with our address."""
    page = new_page(permissions=["clipboard-read", "clipboard-write"], accept_downloads=True)
    user_id = demo.add_person()
    _, codes = add_app(page, demo, user_id)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert codes == page.evaluate("navigator.clipboard.readText()").split("\n")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    text = Path(downloading.value.path()).read_text()
    assert (True, codes) == (user_id in text, text.split()[-10:])
    page.emulate_media(media="print")
    expect(page.get_by_text(f"For {user_id} at {demo.issuer}")).to_be_visible()
    expect(page.get_by_role("link", name="I have saved them")).to_be_hidden()


def test_a_passkey_made_here_opens_more_than_a_password(page: Page, demo: Demo) -> None:
    """Asked for by an action of the fleet portal, made on the way, and enough for it from then on."""
    Device.of(page)
    user_id = demo.add_person()
    page.goto(f"{demo.fleet_portal}/sign-in")
    type_sign_in(page, user_id)
    page.get_by_role("link", name="Change who drives a car").click()
    page.get_by_role("button", name="Change who drives a car").click()
    expect_heading(page, "Add a second step")
    page.get_by_role("link", name="Passkey").click()
    page.get_by_label("Name of this passkey").fill("Blue key")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("button", name="I have saved them").click()
    expect_heading(page, "Change who drives a car")
    page.get_by_role("button", name="Change who drives a car").click()
    expect(page.get_by_role("status")).to_contain_text("The change is noted")


def test_a_passkey_as_the_second_step(page: Page, demo: Demo) -> None:
    """After the password the device signs at the press of a button."""
    device = Device.of(page)
    user_id = demo.add_person()
    page.goto(f"{demo.issuer}/enrol-factor?kind=passkey")
    type_sign_in(page, user_id)
    page.get_by_role("link", name="Passkey").click()
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("link", name="I have saved them").click()
    page.context.clear_cookies()
    device.set("setAutomaticPresenceSimulation", enabled=False)
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, user_id)
    expect_heading(page, "Use your passkey")
    device.set("setAutomaticPresenceSimulation", enabled=True)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page).to_have_url(f"{demo.driver_portal}/")


def test_a_code_by_text(new_page: NewPage, demo: Demo) -> None:
    """The number that the page gives as an example is one that it takes; its text is in the demo's mailbox."""
    page, user_id = new_page(), demo.add_person()
    page.goto(f"{demo.issuer}/enrol-factor")
    type_sign_in(page, user_id)
    page.get_by_role("link", name="Code by text").click()
    example = re.search(r"\+[\d ]+\d", page.locator("#phone-hint").inner_text())
    assert example
    page.get_by_label("Mobile number").fill(example[0])
    page.get_by_role("button", name="Send the text").click()
    mailbox = page.get_by_role("link", name="Open the demo’s mailbox").get_attribute("href")
    assert "/demo/mailbox" == mailbox
    page.locator("#code").fill(digits_of(mail_to(page, demo, example[0].replace(" ", ""))))
    page.get_by_role("button", name="Add this number").click()
    expect_heading(page, "Keep these recovery codes")

    other = new_page()
    other.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(other, user_id)
    expect_heading(other, "Get a code by text")
    expect(other.get_by_label("Remember this device")).to_have_count(0)  # it is asked beside the code
    other.get_by_role("link", name="I lost my device").click()
    expect_heading(other, "Use a recovery code")


def digits_of(text: str) -> str:
    """Read the code in a text."""
    found = re.search(r"\b\d{6}\b", text)
    assert found
    return found[0]


def test_reloading_the_codes_leads_on(page: Page, demo: Demo) -> None:
    """They are seen once: the list of methods is next, where new ones are made, and no form is sent again."""
    add_app(page, demo, demo.add_person())
    page.reload()
    expect_heading(page, "Sign-in methods")
    expect(page.get_by_role("link", name="Make new ones")).to_be_visible()


def test_going_back_after_the_codes_were_shown(page: Page, demo: Demo) -> None:
    """They are seen once: going back and forth shows other pages, and nothing is added twice."""
    user_id = demo.add_person()
    add_app(page, demo, user_id)
    page.get_by_role("link", name="I have saved them").click()
    page.goto(f"{demo.issuer}/enrol-factor?kind=totp")
    page.go_back()
    expect(page.locator("ol.recovery-codes")).to_have_count(0)
    expect(page.get_by_role("link", name="Rename or remove")).to_have_count(1)
