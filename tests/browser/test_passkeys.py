"""Passkeys in Chromium, with a device that signs for real: alone, as second factor, and with things in the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults_on
from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.passkeys import Device, enrolled_in
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import expect_heading, sign_in_at_account, type_sign_in, width_beyond

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-passkeys")]

BUTTON = "Sign in with a passkey"
AS_SECOND = "Use your passkey"
WITHOUT_NEW_HELP = """
    delete PublicKeyCredential.parseRequestOptionsFromJSON;
    delete PublicKeyCredential.parseCreationOptionsFromJSON;
    delete PublicKeyCredential.prototype.toJSON;
"""


@contextmanager
def untouched(device: Device) -> Iterator[None]:
    """Leave the device alone meanwhile: it signs when it is touched, and not because a page offers passkeys."""
    device.set("setAutomaticPresenceSimulation", enabled=False)
    yield
    device.set("setAutomaticPresenceSimulation", enabled=True)


def device_of(page: Page, demo: Demo, user_id: str | None = None) -> Device:
    """Give the window a device with somebody's passkey in it."""
    device = Device.of(page)
    device.put(enrolled_in(demo, user_id or demo.add_person()))
    return device


def test_a_passkey_signs_in_at_the_press_of_a_button(page: Page, demo: Demo) -> None:
    """Nothing is typed; the portal greets its owner."""
    device = device_of(page, demo)
    with untouched(device):
        page.goto(f"{demo.driver_portal}/sign-in")
        expect(page.get_by_role("button", name=BUTTON)).to_be_visible()
    page.get_by_role("button", name=BUTTON).click()
    expect_heading(page, "Hello Pat")
    assert 1 == device.passkeys()[0]["signCount"]


def test_the_browser_offers_passkeys_in_the_user_id_field(page: Page, demo: Demo) -> None:
    """Whoever takes the offer is signed in without any button (conditional mediation)."""
    device_of(page, demo)
    page.goto(f"{demo.driver_portal}/sign-in")
    expect_heading(page, "Hello Pat")


def test_a_browser_without_the_newest_help_can_do_it_too(page: Page, demo: Demo) -> None:
    """Options and answers are converted by hand where the browser does not."""
    page.add_init_script(WITHOUT_NEW_HELP)
    device_of(page, demo)
    page.goto(f"{demo.driver_portal}/sign-in")
    expect_heading(page, "Hello Pat")


def test_keys_alone_do(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The button has its place in the order, and the way from the password to it is short."""
    device = device_of(page, demo)
    with untouched(device):
        page.goto(app.ask(scope="openid"))
        button = page.get_by_role("button", name=BUTTON)
        expect(button).to_be_visible()
        page.locator("#password").focus()
        for _ in range(8):
            page.keyboard.press("Tab")
            if button.evaluate("element => element === document.activeElement"):
                break
        expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect_heading(page, "Allow access")


def test_a_passkey_that_is_not_used_is_said(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Whose device does not know them, or who cancels, is told so and signs in with the password instead."""
    user_id = demo.add_person()
    device = Device.of(page, isUserVerified=False)
    device.put(enrolled_in(demo, user_id))
    page.goto(app.ask(scope="openid"))
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was used")
    assert [] == faults_on(page)
    device.set("removeVirtualAuthenticator")
    type_sign_in(page, user_id)
    expect_heading(page, "(Allow access|Use your passkey)")


def test_a_passkey_that_we_do_not_know_is_said(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The page comes back with one sentence, which has the focus, and goes on working."""
    stranger = enrolled_in(demo, demo.add_person())
    stranger.credential_id = b"a name that nobody has enrolled!"
    device = Device.of(page)
    device.put(stranger)
    with untouched(device):
        page.goto(app.ask(scope="openid"))
        expect(page.get_by_role("button", name=BUTTON)).to_be_visible()
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator("#error-summary")).to_contain_text("This passkey did not sign you in")
    expect(page.locator("#error-summary")).to_be_focused()


def test_a_shared_device_is_offered_no_passkey(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Nobody's passkey is asked for where nothing is to be left behind; unticked, it is offered again."""
    with untouched(device_of(page, demo)):
        page.goto(app.ask())
        button, box = page.get_by_role("button", name=BUTTON), page.locator("#shared_device")
        expect(button).to_be_visible()
        box.check()
        expect(button).to_be_hidden()
        box.uncheck()
        expect(button).to_be_visible()
        box.check()


@pytest.mark.parametrize("can", ["no script", "no passkeys"])
def test_who_cannot_use_passkeys_is_not_shown_them(new_page: NewPage, app: RelyingParty, can: str) -> None:
    """Without script, or in a browser that knows no passkeys, the page is the one with a password."""
    page = new_page(java_script_enabled=can != "no script")
    if can == "no passkeys":
        page.add_init_script("delete window.PublicKeyCredential")
    page.goto(app.ask(scope="openid"))
    expect(page.get_by_role("button", name=BUTTON)).to_be_hidden()
    expect(page.locator("button[value=sign_in]")).to_be_visible()


def test_the_button_fits_everywhere(new_page: NewPage, app: RelyingParty) -> None:
    """On a small window, in the dark, with every way in on the page: no fault by axe, nothing cut."""
    page = new_page(viewport={"width": 320, "height": 256}, color_scheme="dark")
    page.goto(app.ask())
    expect(page.get_by_role("button", name=BUTTON)).to_be_visible()
    assert [] == faults_on(page)
    assert 0 == width_beyond(page)


def test_a_passkey_is_a_second_factor(page: Page, demo: Demo) -> None:
    """After the password the page asks for it, of this account's alone."""
    user_id = demo.add_person()
    device = device_of(page, demo, user_id)
    with untouched(device):
        page.goto(f"{demo.driver_portal}/sign-in")
        type_sign_in(page, user_id)
        expect_heading(page, AS_SECOND)
        assert [] == faults_on(page)
    page.get_by_role("button", name=AS_SECOND).click()
    expect_heading(page, "Hello Pat")


def make_passkey(page: Page, demo: Demo, name: str) -> None:
    """Go to the page that adds a passkey, name it, and press its button."""
    page.goto(f"{demo.issuer}/enrol-factor?kind=passkey")
    page.locator("#passkey_name").fill(name)
    assert [] == faults_on(page)
    page.locator("#passkey_name").press("Enter")


def test_a_passkey_is_made_and_used(page: Page, demo: Demo) -> None:
    """From the account: named, with recovery codes at the first one; afterwards it signs in without a password."""
    user_id = demo.add_person()
    device = Device.of(page)
    with untouched(device):
        sign_in_at_account(page, demo, user_id)
    make_passkey(page, demo, "My phone")
    expect_heading(page, "Keep these recovery codes")
    (stored,) = device.passkeys()
    assert (True, "localhost") == (stored["isResidentCredential"], stored["rpId"])

    page.context.clear_cookies()
    page.goto(f"{demo.issuer}/account")
    expect_heading(page, "Your account")


def test_one_device_makes_one_passkey_for_an_account(page: Page, demo: Demo) -> None:
    """The second time it is told that there is one, and nothing is added."""
    user_id = demo.add_person()
    device = Device.of(page)
    with untouched(device):
        sign_in_at_account(page, demo, user_id)
    make_passkey(page, demo, "My phone")
    expect_heading(page, "Keep these recovery codes")
    make_passkey(page, demo, "My phone again")
    expect(page.get_by_role("alert")).to_contain_text("has a passkey for your account already")
    assert 1 == len(device.passkeys())


def test_who_cannot_make_one_is_told_so(new_page: NewPage, demo: Demo) -> None:
    """Without script the page says what passkeys need, and leads to the other ways."""
    page = new_page(java_script_enabled=False)
    sign_in_at_account(page, demo, demo.add_person())
    page.goto(f"{demo.issuer}/enrol-factor?kind=passkey")
    expect(page.locator("main")).to_contain_text("they need JavaScript")
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("link", name="Choose another way")).to_be_visible()
