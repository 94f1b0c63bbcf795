"""The pages of second factors, and the way to each, whatever language they are in."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Final

import pyotp
from playwright.sync_api import Page

from idp.accounts.find import find_by_identifier
from idp.demo.people import PEOPLE
from idp.mfa.factors import NewFactor, add_factor
from idp.mfa.policy import Factor
from tests.browser.demo import Demo
from tests.browser.passkeys import enrolled_in
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import ask_for_mail, code_and_link, enter_portal, mail_to, type_sign_in

Scene = Callable[[Page, Demo, RelyingParty], None]
TOM: Final = next(person.totp_secret for person in PEOPLE if person.user_id == "tom") or ""


def verify_app(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The code of an app, after a wrong one."""
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, "tom")
    page.locator("#code").fill("no code")
    page.locator("button[value=verify]").click()
    page.locator("#error-summary").wait_for()


def verify_ways(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The list of other ways."""
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, "tom")
    page.locator("a[href*='/ways']").first.click()
    page.locator("ul.ways").wait_for()


def verify_recovery_code(page: Page, demo: Demo, app: RelyingParty) -> None:
    """A recovery code instead."""
    verify_ways(page, demo, app)
    page.locator("a[href*='way=recovery_code']").click()
    page.locator("#code").wait_for()


def verify_passkey(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A passkey as the second step."""
    user_id = demo.add_person()
    enrolled_in(demo, user_id)
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, user_id)
    page.locator("form[data-passkey=get] .primary").wait_for()


def verify_text(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The code of a text, on its way."""
    page.goto(f"{demo.driver_portal}/sign-in")
    type_sign_in(page, person_with_a_number(demo))
    page.locator("button[value=send]").click()
    page.locator("#code").wait_for()


def enrol_asked(page: Page, demo: Demo, _: RelyingParty) -> None:
    """An app asks for a second step that the account does not have."""
    enter_portal(page, demo.driver_portal)
    page.get_by_role("link", name="Change the account that pays").click()
    page.get_by_role("button", name="Change the account that pays").click()
    page.locator("ul.ways").wait_for()


def step_up_refused(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Back at the app after Not now."""
    enrol_asked(page, demo, app)
    page.locator("button[value=cancel]").click()
    page.wait_for_url(re.compile("refused"))


def enrol_choice(page: Page, demo: Demo, _: RelyingParty) -> None:
    """What can be added, from the account."""
    page.goto(f"{demo.issuer}/enrol-factor")
    type_sign_in(page, demo.add_person())
    page.locator("ul.ways").wait_for()


def enrol_app(page: Page, demo: Demo, app: RelyingParty) -> None:
    """An app to be added, with everything unfolded."""
    enrol_choice(page, demo, app)
    page.locator("a[href*='kind=totp']").click()
    page.locator("summary").click()


def enrol_passkey(page: Page, demo: Demo, app: RelyingParty) -> None:
    """A passkey to be added."""
    enrol_choice(page, demo, app)
    page.locator("a[href*='kind=passkey']").click()
    page.locator("#passkey_name").wait_for()


def enrol_text(page: Page, demo: Demo, app: RelyingParty) -> None:
    """A number for texts, mistyped."""
    enrol_choice(page, demo, app)
    page.locator("a[href*='kind=sms']").click()
    page.locator("#phone").fill("0123")
    page.locator("button[value=send]").click()
    page.locator("#error-summary").wait_for()


def enrol_text_code(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The code that proves a number."""
    enrol_text(page, demo, app)
    page.locator("#phone").fill(new_number())
    page.locator("button[value=send]").click()
    page.locator("#code").wait_for()


def recover_factor(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The second step, without which a mail alone gives no new password."""
    user_id = demo.add_person(email_verified=True)
    enrolled_in(demo, user_id)
    ask_for_mail(page, demo, user_id)
    mail = mail_to(page, demo, f"{user_id}@example.com", holding="/reset-password?token=")
    page.locator("#code").fill(code_and_link(mail)[0])
    page.locator("main form button").click()
    page.locator("form[data-passkey=get] .primary").wait_for()


def recovery_codes(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The codes, this once."""
    enrol_app(page, demo, app)
    page.locator("#name").fill("My phone")
    page.locator("#code").fill(shown_code(page))
    page.locator("button[value=add]").click()
    page.locator("ol.recovery-codes").wait_for()


def new_phone_added(page: Page, demo: Demo, app: RelyingParty) -> None:
    """Got a new phone, with one on the account."""
    recovery_codes(page, demo, app)
    page.goto(f"{demo.issuer}/account/new-phone")


def own_factor(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The only device of an account, which is not removed by accident."""
    recovery_codes(page, demo, app)
    page.goto(f"{demo.issuer}/account/methods")
    page.locator("a[href*='factor=']").click()
    page.locator("button[value=remove]").click()
    page.locator("#error-summary").wait_for()


def own_recovery_codes(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The question before new codes."""
    recovery_codes(page, demo, app)
    page.goto(f"{demo.issuer}/enrol-factor?kind=recovery_codes")
    page.locator("button[value=renew]").wait_for()


def shown_code(page: Page) -> str:
    """Type the secret of the page into an app, and read the code that it shows."""
    return pyotp.TOTP(page.locator("code.secret").inner_text().replace(" ", "")).now()


def new_number() -> str:
    """Give a mobile number that no other test has a text sent to."""
    return f"+447400{secrets.randbelow(10**6):06}"


def person_with_a_number(demo: Demo) -> str:
    """Add somebody to whom codes are sent by text; gives the user ID."""
    user_id = demo.add_person()
    with demo.database.writing() as connection:
        account = find_by_identifier(connection, identifier=user_id)
        assert account is not None
        number = NewFactor(
            id=f"number-of-{user_id}",
            account_id=account.id,
            kind=Factor.SMS,
            name="My phone",
            phone_number=new_number(),
        )
        add_factor(connection, number, now=time.time())
    return user_id


FACTOR_SCENES: Final[tuple[Scene, ...]] = (
    verify_app,
    verify_ways,
    verify_recovery_code,
    verify_passkey,
    verify_text,
    enrol_asked,
    step_up_refused,
    enrol_choice,
    enrol_app,
    enrol_passkey,
    enrol_text,
    enrol_text_code,
    recover_factor,
    recovery_codes,
    new_phone_added,
    own_factor,
    own_recovery_codes,
)
