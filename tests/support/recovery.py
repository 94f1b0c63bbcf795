"""The way back to a forgotten password, as a person goes it: ask, read the mail, type the code or open the link."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from idp.app import Service
from idp.delivery.mail_folder import KeptMail
from tests.support.in_process import Browser

NEW_PASSWORD = "blue giraffes read slowly"
WRONG_CODE = "BBBB-BBBB"
ENDED = "This way back has ended"


def ask(
    browser: Browser, identifier: str, *, choice: str = "password", page: TestResponse | None = None
) -> TestResponse:
    """Ask for a mail; gives the redirect."""
    return browser.submit(page or browser.get("/recover"), {"choice": choice, "identifier": identifier})


def deliver(service: Service) -> list[KeptMail]:
    """Let the worker deliver what is due, and give everything that has arrived, newest first."""
    service.courier.deliver_due()
    mailbox = service.parts.mailbox
    return mailbox.messages() if mailbox else []


def code_in(mail: KeptMail) -> str:
    """Read the code in a mail."""
    found = re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", mail.text, re.MULTILINE)
    assert found, mail.text
    return found[0]


def link_in(mail: KeptMail) -> str:
    """Read the link in a mail."""
    found = re.search(r"^\S+/reset-password\?token=\S+$", mail.text, re.MULTILINE)
    assert found, mail.text
    return found[0]


def prove(service: Service, browser: Browser, identifier: str = "dana") -> TestResponse:
    """Ask, type the code, and give the page for the new password."""
    page = browser.follow(ask(browser, identifier))
    proved = browser.submit(page, {"code": code_in(deliver(service)[0])})
    return browser.follow(proved)


def reset(service: Service, browser: Browser, password: str = NEW_PASSWORD, **fields: str) -> TestResponse:
    """Go the whole way; gives the answer to the new password."""
    return browser.submit(prove(service, browser), {"new_password": password, "sign_out": "yes", **fields})


def heading(page: TestResponse) -> str:
    """Read the heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", page.text)
    assert found, page.text
    return found[1]
