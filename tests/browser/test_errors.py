"""Pages on which something went wrong: what, a number for support, and in the demo which check it was."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import expect_heading, sign_in_at_account
from tests.support.served import environment_of, run_idp

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-apps")]
ELSEWHERE = "https://evil.example.com/callback"


def reference_on(page: Page) -> str:
    """Give the reference number on the page."""
    found = re.search(r"[A-Z]{4}-\d{4}", page.locator(".reference").inner_text())
    assert found
    return found[0]


def test_an_app_that_nobody_knows(page: Page, app: RelyingParty) -> None:
    """The page stays here, says so, and its title and focus tell it as well."""
    page.goto(app.ask(client_id="nobody"))
    expect_heading(page, "This sign-in request cannot be used")
    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator(".explanation")).to_contain_text("nobody")
    assert page.url.startswith(app.issuer)


def test_an_address_that_is_not_registered(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Nobody is sent there; the demo explains, and an operator can look the reference number up."""
    page.goto(app.ask(redirect_uri=ELSEWHERE))
    expect_heading(page, "This sign-in request cannot be used")
    explanation = page.locator(".explanation")
    expect(explanation).to_contain_text(ELSEWHERE)
    expect(explanation).to_contain_text(app.callback)
    assert 0 == page.locator(f"a[href*='{ELSEWHERE}']").count()

    settings = demo.folder / "var" / "demo" / str(demo.port) / "idp.toml"
    told = run_idp("clients", "explain", reference_on(page), "--config", str(settings), environment=environment_of({}))
    assert 0 == told.returncode, told.stderr
    assert ELSEWHERE in told.stdout


def test_a_form_from_elsewhere_changes_nothing(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Another site posts the sign-out form: the person stays signed in."""
    sign_in_at_account(page, demo, "dana")
    page.goto(f"{app.address}/callback")
    page.evaluate(
        """address => {
            const form = document.createElement("form");
            form.method = "post"; form.action = address;
            form.innerHTML = '<input name="form_token" value="1.x"><input name="action" value="sign_out">';
            document.body.append(form); form.submit();
        }""",
        f"{demo.issuer}/end-session",
    )
    expect_heading(page, "This form did not come from our page")
    page.goto(f"{demo.issuer}/account")
    expect_heading(page, "Your account")


def test_a_page_that_is_not_there(page: Page, demo: Demo) -> None:
    """It leads to the account."""
    page.goto(f"{demo.issuer}/no-such-page")
    expect_heading(page, "There is no such page")
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
