"""The pages of the account, and the way to each: scenes of the gallery."""

from __future__ import annotations

import re
import time
from typing import Final

from playwright.sync_api import Page

from idp.accounts.find import find_by_identifier
from idp.accounts.recovered import note_recovered
from tests.browser.demo import Demo
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import code_and_link, enter_portal, mail_to, sign_in_at_account, type_sign_in
from tests.support.contracts import contract, feed_database

AGENT: Final = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1"


def _somebody(page: Page, demo: Demo, path: str) -> str:
    """Sign in somebody whom no other test knows, and open a page of the account; gives the user ID."""
    user_id = demo.add_person(email_verified=True)
    _sign_in(page, demo, path, user_id)
    return user_id


def _sign_in(page: Page, demo: Demo, path: str, user_id: str) -> None:
    page.goto(f"{demo.issuer}{path}")
    type_sign_in(page, user_id)
    page.wait_for_url(f"{demo.issuer}{path}")


def account_methods(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Sign-in methods."""
    _somebody(page, demo, "/account/methods")


def account_call_code(page: Page, demo: Demo, _: RelyingParty) -> None:
    """A code for a call to support, just made."""
    _somebody(page, demo, "/account/call-code")
    page.locator("button[value=make]").click()
    page.locator(".call-code").wait_for()


def account_new_phone(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Got a new phone?"""
    _somebody(page, demo, "/account/new-phone")


def account_sessions(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Devices and sessions, with another one besides this."""
    user_id = demo.add_person(email_verified=True)
    browser = page.context.browser
    assert browser
    other = browser.new_context(user_agent=AGENT)
    _sign_in(other.new_page(), demo, "/account/sessions", user_id)
    other.close()
    _sign_in(page, demo, "/account/sessions", user_id)


def account_apps(page: Page, demo: Demo, app: RelyingParty) -> None:
    """An app that may see everything."""
    user_id = demo.add_person(email_verified=True)
    page.goto(app.ask(scope="openid profile email phone offline_access", prompt="consent"))
    type_sign_in(page, user_id)
    page.locator("button[value=allow]").click()
    page.wait_for_url(f"{app.address}/**")
    page.goto(f"{demo.issuer}/account/apps")


def account_apps_none(page: Page, demo: Demo, _: RelyingParty) -> None:
    """No app at all."""
    _somebody(page, demo, "/account/apps")


def account_shared(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Contracts of one's own and a guarantor's; one is shared, another offered."""
    host, guest = demo.add_person(), demo.add_person(email_verified=True)
    numbers = [f"CF-{host[-8:]}", f"CF-{guest[-8:]}"]
    feed_database(demo.database, contract(numbers[0], ("P-1", "holder", host), ("P-2", "guarantor", guest)))
    feed_database(demo.database, contract(numbers[1], ("P-3", "holder", host)))
    _sign_in(page, demo, "/account/share", host)
    for number in numbers:
        page.goto(f"{demo.issuer}/account/share")
        page.get_by_text(number, exact=True).click()
        page.locator("#address").fill(f"{guest}@example.com")
        page.locator("button.primary").click()
        page.locator("[role=status]").wait_for()
    page.context.clear_cookies()
    _sign_in(page, demo, "/account/shared", guest)
    page.locator("button[value=accept]").first.click()
    page.locator("[role=status]").wait_for()


def account_shared_none(page: Page, demo: Demo, _: RelyingParty) -> None:
    """No contract at all."""
    _somebody(page, demo, "/account/shared")


def share_contract(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Somebody to share with, mistyped."""
    host = demo.add_person()
    feed_database(demo.database, contract(f"CF-{host[-8:]}", ("P-1", "holder", host)))
    _sign_in(page, demo, "/account/share", host)
    page.locator("#address").fill("one@example.com, two@example.com")
    page.locator("button.primary").click()
    page.locator("[role=alert]").wait_for()


def close_account(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Close your account."""
    _somebody(page, demo, "/account/close")


def close_account_done(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Asked for."""
    _somebody(page, demo, "/account/close")
    page.locator("button[value=close]").click()
    page.wait_for_url("**/account/close/done")


def account_details(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Contact and mails, saved."""
    _somebody(page, demo, "/account/details")
    page.locator("#phrase").fill("seven kettles")
    page.locator("button.primary").click()
    page.locator("[role=status]").wait_for()


def account_email(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Another e-mail address, mistyped."""
    _somebody(page, demo, "/account/email")
    page.locator("#email").fill("one@example.com, two@example.com")
    page.locator("button[value=ask]").click()
    page.locator("#error-summary").wait_for()


def account_email_code(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The page that waits for the code of the new address."""
    user_id = _somebody(page, demo, "/account/email")
    page.locator("#email").fill(f"{user_id}@new.example.net")
    page.locator("button[value=ask]").click()
    page.locator("#code").wait_for()


def account_email_done(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The address is changed."""
    account_email_code(page, demo, app)
    address = page.locator(".lead strong").inner_text()
    page.locator("#code").fill(code_and_link(mail_to(page, demo, address))[0])
    page.locator("button[value=confirm]").click()
    page.locator("svg.done").wait_for()


def account_activity(page: Page, demo: Demo, _: RelyingParty) -> None:
    """Recent activity."""
    _somebody(page, demo, "/account/activity")


def lock_down(page: Page, demo: Demo, _: RelyingParty) -> None:
    """This wasn't me: the question, signed in."""
    _somebody(page, demo, "/lock-down")


def lock_down_done(page: Page, demo: Demo, app: RelyingParty) -> None:
    """The account is locked."""
    lock_down(page, demo, app)
    page.locator("button.danger").click()
    page.locator("svg.done").wait_for()


def lock_down_by_mail(page: Page, demo: Demo, app: RelyingParty) -> None:
    """This wasn't me: what the link of a mail opens, signed out."""
    account_email_code(page, demo, app)
    address = page.locator(".lead strong").inner_text()
    page.locator("#code").fill(code_and_link(mail_to(page, demo, address))[0])
    page.locator("button[value=confirm]").click()
    page.locator("svg.done").wait_for()
    link = None
    while link is None:
        link = re.search(r"http\S+/lock-down\?token=\S+", mail_to(page, demo, address))
        page.wait_for_timeout(250)
    page.context.clear_cookies()
    page.goto(link[0])


def lock_down_felt(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The account is locked, and its owner signs in."""
    user_id = _somebody(page, demo, "/lock-down")
    page.locator("button.danger").click()
    page.locator("svg.done").wait_for()
    page.goto(f"{demo.issuer}/account")
    type_sign_in(page, user_id)
    page.locator("#identifier").wait_for()


def account_signed_out(page: Page, demo: Demo, _: RelyingParty) -> None:
    """After signing out, with apps that are told of it."""
    enter_portal(page, demo.driver_portal, demo.add_person(locale="en"))
    page.goto(f"{demo.issuer}/account")
    page.locator("button[value=sign_out]").click()
    page.locator("dl.facts").wait_for()


def account_recovered(page: Page, demo: Demo, _: RelyingParty) -> None:
    """The account page after a reset: what apps may hold back, and until when."""
    user_id = demo.add_person(email_verified=True)
    with demo.database.writing() as connection:
        account = find_by_identifier(connection, identifier=user_id)
        assert account is not None
        note_recovered(connection, account_id=account.id, now=time.time())
    sign_in_at_account(page, demo, user_id)


ACCOUNT_SCENES: Final = (
    account_recovered,
    account_call_code,
    account_methods,
    account_new_phone,
    account_sessions,
    account_apps,
    account_apps_none,
    account_shared,
    account_shared_none,
    share_contract,
    close_account,
    close_account_done,
    account_details,
    account_email,
    account_email_code,
    account_email_done,
    account_activity,
    lock_down,
    lock_down_done,
    lock_down_by_mail,
    lock_down_felt,
    account_signed_out,
)
