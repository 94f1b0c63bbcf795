"""An app of a stranger asks for somebody: consent, its memory, saying no, and answers by a form."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import enter_portal, expect_heading, sign_in_at_account, type_sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-apps")]


def test_consent_shows_the_values_and_is_remembered(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Pat sees what would be shared, folded; allows it; is not asked again, unless the app insists or wants more."""
    user_id = demo.add_person(claims={"name": "Pat Person", "birthdate": "1990-03-01"}, locale="en-GB")
    page.goto(app.ask())
    type_sign_in(page, user_id)
    expect_heading(page, "Allow access")
    expect(page.locator(".party")).to_contain_text("Mileage Diary")
    expect(page.locator(".party")).to_contain_text(app.address.removeprefix("http://"))
    value = page.get_by_text("1 March 1990")
    expect(value).to_be_hidden()
    page.get_by_text("Your profile").click()
    expect(value).to_be_visible()

    page.get_by_role("button", name="Allow").click()
    expect_heading(page, "Back in the app")
    assert "id_token" in app.tokens()

    page.goto(app.ask())
    expect_heading(page, "Back in the app")
    page.goto(app.ask(prompt="consent"))
    expect_heading(page, "Allow access")
    page.goto(app.ask(scope="openid phone"))
    expect_heading(page, "Allow access")


def test_saying_no_is_as_easy_as_saying_yes(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Allow and Cancel are of one size and look; Cancel tells the app, and nothing is remembered."""
    page.goto(app.ask())
    type_sign_in(page, demo.add_person())
    expect_heading(page, "Allow access")
    allow, cancel = (page.get_by_role("button", name=name) for name in ("Allow", "Cancel"))
    for look in ("background-color", "border-color", "color", "font-weight", "width", "height"):
        assert shown(allow, look) == shown(cancel, look)
    cancel.click()
    expect_heading(page, "Back in the app")
    assert "access_denied" == app.answer["error"]
    page.goto(app.ask(prompt="none"))
    assert "login_required" == app.answer["error"]


def shown(element: object, look: str) -> str:
    """Give how an element is really shown."""
    script = "(element, look) => getComputedStyle(element).getPropertyValue(look)"
    return str(element.evaluate(script, look))  # type: ignore[attr-defined]


def test_cancelling_at_the_portal_is_said_in_words(page: Page, demo: Demo) -> None:
    """The portal tells what happened, and offers to start again."""
    page.goto(f"{demo.driver_portal}/sign-in")
    page.get_by_role("button", name="Cancel").click()
    expect_heading(page, "You are not signed in")
    expect(page.get_by_role("alert")).to_contain_text("You chose not to sign in")
    page.get_by_role("link", name="Sign in").click()
    expect_heading(page, "Sign in")


def test_an_answer_by_form_arrives_by_itself(page: Page, demo: Demo, app: RelyingParty) -> None:
    """With script nobody has to press anything: the code comes by POST from another site."""
    sign_in_at_account(page, demo, "dana")
    page.goto(app.ask(response_mode="form_post", scope="openid", prompt="consent"))
    page.get_by_role("button", name="Allow").click()
    expect_heading(page, "Back in the app")
    assert "POST" == app.answer["method"]
    assert "id_token" in app.tokens()


def test_an_answer_by_form_without_script(new_page: NewPage, demo: Demo, app: RelyingParty) -> None:
    """Without script the page has a button that does the same."""
    page = new_page(java_script_enabled=False)
    page.goto(app.ask(response_mode="form_post"))
    type_sign_in(page, demo.add_person())
    page.get_by_role("button", name="Allow").click()
    expect_heading(page, "Back to the app")
    page.get_by_role("button", name="Continue").click()
    expect_heading(page, "Back in the app")
    assert "POST" == app.answer["method"]
    assert "id_token" in app.tokens()


def test_a_second_person_in_the_same_browser(page: Page, demo: Demo, app: RelyingParty) -> None:
    """prompt=login lets somebody else sign in; what the first one had is over."""
    enter_portal(page, demo.driver_portal)
    page.goto(app.ask(prompt="login", scope="openid"))
    type_sign_in(page, demo.add_person())
    page.get_by_role("button", name="Allow").click()
    expect_heading(page, "Back in the app")
    page.goto(f"{demo.issuer}/account")
    expect(page.locator("main")).to_contain_text("Pat Person")
