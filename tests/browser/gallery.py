"""Every page that people see, and the way to it: what is checked by axe, and what `pictures` draws.

Each scene leads a window with no cookies to one page in one state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playwright.sync_api import Page

from tests.browser.account_scenes import ACCOUNT_SCENES
from tests.browser.demo import Demo
from tests.browser.factor_scenes import FACTOR_SCENES
from tests.browser.lockout_scenes import LOCKOUT_SCENES
from tests.browser.password_scenes import PASSWORD_SCENES
from tests.browser.relying_party import RelyingParty
from tests.browser.staff_scenes import STAFF_SCENES
from tests.browser.steps import (
    WRONG,
    ask_for_mail,
    code_and_link,
    enter_portal,
    expect_heading,
    mail_to,
    sign_in_at_account,
    type_sign_in,
)

Scene = Callable[[Page, Demo, RelyingParty], None]
EVERYTHING = "openid profile email address phone offline_access"


def sign_in(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The sign-in page, on the way to a portal."""
    page.goto(f"{demo.driver_portal}/sign-in")


def sign_in_alone(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The sign-in page of the account, for no app."""
    page.goto(f"{demo.issuer}/account")


def sign_in_failed(page: Page, _: Demo, app: RelyingParty) -> None:
    """A wrong password."""
    page.goto(app.ask())
    type_sign_in(page, "somebody-else", WRONG)
    page.locator("#error-summary").wait_for()


def sign_in_empty(page: Page, _: Demo, app: RelyingParty) -> None:
    """Nothing typed."""
    page.goto(app.ask())
    type_sign_in(page, "", "")
    page.locator("#error-summary").wait_for()


def consent(page: Page, _: Demo, app: RelyingParty) -> None:
    """A stranger's app asks for everything; all values are unfolded."""
    page.goto(app.ask(scope=EVERYTHING, prompt="consent"))
    type_sign_in(page, "dana")
    page.locator("summary").first.wait_for()
    for details in page.locator("summary").all():
        details.click()


def consent_again(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The same for somebody who has signed in before: the page tells when."""
    user_id = demo.add_person()
    sign_in_at_account(page, demo, user_id)
    page.context.clear_cookies()
    page.goto(app.ask(scope="openid", prompt="consent"))
    type_sign_in(page, user_id)
    page.locator("a[href='/lock-down']").wait_for()


def change_password(page: Page, demo: Demo, app: RelyingParty) -> None:
    """A password that must be replaced, and a first try that is too short."""
    page.goto(app.ask())
    type_sign_in(page, demo.add_person(must_change=True))
    page.locator("#new_password").fill("short")
    page.locator("button[value=change]").click()
    page.locator("#error-summary").wait_for()


def recover(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A forgotten user ID or password, with nothing typed."""
    page.goto(f"{demo.issuer}/recover")
    page.locator("main form button").click()
    page.locator("#error-summary").wait_for()


def recover_code(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The page that waits for the code, after a wrong one."""
    ask_for_mail(page, demo, "nobody-at-all")
    page.locator("#code").fill("BBBB-BBBB")
    page.locator("main form button").click()
    page.locator("#error-summary").wait_for()


def recover_link(page: Page, demo: Demo, _: RelyingParty) -> None:
    """What the link opens in another browser."""
    user_id = demo.add_person(email_verified=True)
    ask_for_mail(page, demo, user_id)
    link = code_and_link(mail_to(page, demo, f"{user_id}@example.com"))[1]
    page.context.clear_cookies()
    page.goto(link)


def reset_password(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The new password, after a first try that is too common."""
    user_id = demo.add_person(email_verified=True)
    ask_for_mail(page, demo, user_id)
    page.goto(code_and_link(mail_to(page, demo, f"{user_id}@example.com"))[1])
    page.locator("main form button").click()
    page.locator("#new_password").fill("passwordpassword")
    page.locator("button.primary").click()
    page.locator("#error-summary").wait_for()


def reset_done(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The end of a reset."""
    reset_password(page, demo, app)
    page.locator("#new_password").fill("blue giraffes read slowly")
    page.locator("button.primary").click()
    page.locator("svg.done").wait_for()


def user_ids(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The user IDs at a shared address."""
    shared = f"{demo.add_person()}-shared@example.com"
    for _number in range(2):
        demo.add_person(email=shared, email_verified=True)
    ask_for_mail(page, demo, shared, "user_id")
    page.locator("#code").fill(code_and_link(mail_to(page, demo, shared))[0])
    page.locator("main form button").click()
    page.locator(".rows").wait_for()


def account(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The account page."""
    sign_in_at_account(page, demo, "dana")


def sign_out_question(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The question before signing out, with somebody signed in."""
    sign_in_at_account(page, demo, "dana")
    page.goto(app.leave())


def signed_out(page: Page, demo: Demo, _: RelyingParty) -> None:
    """After signing out."""
    sign_in_at_account(page, demo, "dana")
    page.locator("button[value=sign_out]").click()
    page.locator("svg.done").wait_for()


def unknown_client(page: Page, _: Demo, app: RelyingParty) -> None:
    """A request of an app that nobody knows."""
    page.goto(app.ask(client_id="nobody"))


def foreign_address(page: Page, _: Demo, app: RelyingParty) -> None:
    """A request that wants the answer sent elsewhere."""
    page.goto(app.ask(redirect_uri="https://evil.example.com/a-rather-long-address-that-is-not-registered/callback"))


def journey_over(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A sign-in that has ended."""
    page.goto(f"{demo.driver_portal}/sign-in")
    left = page.url
    type_sign_in(page, "dana")
    expect_heading(page, "Hello Dana")
    page.goto(left)


def cookies_off(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A browser that keeps no cookie."""
    page.goto(f"{demo.driver_portal}/sign-in")
    page.context.clear_cookies()
    page.reload()


def not_found(page: Page, demo: Demo, _: RelyingParty) -> None:
    """An address with nothing behind it."""
    page.goto(f"{demo.issuer}/nothing-here")


def form_post(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The answer by a form; seen only where no script runs."""
    page.route("**/static/form_post.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    sign_in_at_account(page, demo, "dana")
    page.goto(app.ask(response_mode="form_post", prompt="none", scope="openid"))


def demo_home(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The demo's front page."""
    page.goto(demo.issuer)


def demo_connect(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Settings to paste."""
    page.goto(f"{demo.issuer}/demo/connect")


def demo_mailbox(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The mailbox."""
    page.goto(f"{demo.issuer}/demo/mailbox")


def driver_welcome(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The driver portal, before."""
    page.goto(demo.driver_portal)


def driver_contract(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The driver portal, signed in, with everything that it was told."""
    enter_portal(page, demo.driver_portal)
    page.locator("summary").click()


def driver_failed(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The driver portal after Cancel."""
    page.goto(f"{demo.driver_portal}/sign-in")
    page.locator("button[value=cancel]").click()
    page.wait_for_url(f"{demo.driver_portal}/**")


def fleet_welcome(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The fleet portal, before."""
    page.goto(demo.fleet_portal)


def fleet_table(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The fleet portal, signed in, with everything that it was told."""
    enter_portal(page, demo.fleet_portal)
    page.locator("summary").click()


def fleet_left(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The fleet portal, after signing out."""
    enter_portal(page, demo.fleet_portal)
    with page.expect_navigation(url=f"{demo.fleet_portal}/**"):
        page.locator("header button").click()


SCENES: Final[tuple[Scene, ...]] = (
    sign_in,
    sign_in_alone,
    sign_in_failed,
    sign_in_empty,
    consent,
    consent_again,
    change_password,
    recover,
    recover_code,
    recover_link,
    reset_password,
    reset_done,
    user_ids,
    account,
    *ACCOUNT_SCENES,
    *FACTOR_SCENES,
    *PASSWORD_SCENES,
    *LOCKOUT_SCENES,
    *STAFF_SCENES,
    sign_out_question,
    signed_out,
    unknown_client,
    foreign_address,
    journey_over,
    cookies_off,
    not_found,
    form_post,
    demo_home,
    demo_connect,
    demo_mailbox,
    driver_welcome,
    driver_contract,
    driver_failed,
    fleet_welcome,
    fleet_table,
    fleet_left,
)
