"""The account pages as a person uses them: sign in, open one, and press the button of one of its forms."""

from __future__ import annotations

import html
import re

from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.accounts.models import ACCOUNTS
from idp.app import Service
from tests.support.in_process import PASSWORD, Browser


def open_page(browser: Browser, path: str, *, user_id: str = "dana", password: str = PASSWORD) -> TestResponse:
    """Give a page of the account, signing in where that is asked."""
    page = browser.follow(browser.get(path))
    if 'name="password"' in page.text:
        page = browser.follow(browser.sign_in(page, user_id=user_id, password=password))
    return page


def press(browser: Browser, page: TestResponse, value: str, *, containing: str = "", **fields: str) -> TestResponse:
    """Press the button with this value, in the first form that has it and holds `containing`; follows nothing."""
    for form in re.findall(r"<form.*?</form>", page.text, re.DOTALL):
        if f'value="{value}"' in form and containing in form:
            return send(browser, form, action=value, **fields)
    raise AssertionError(f"no form with a button {value!r}")


def send(browser: Browser, form: str, **fields: str) -> TestResponse:
    """Send a form with its hidden fields as they are."""
    action = re.search(r'action="([^"]+)"', form)
    assert action, form
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    data = {name: html.unescape(value) for name, value in hidden} | fields
    return browser.post(html.unescape(action[1]), data)


def seen(page: TestResponse) -> str:
    """Give the words of a page's card, as one line."""
    card = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", card)).split())


def account_id_of(service: Service, user_id: str = "dana") -> str:
    """Look up the id of an account."""
    with service.database.reading() as connection:
        found = connection.execute(select(ACCOUNTS.c.id).where(ACCOUNTS.c.user_id == user_id))
        return str(found.scalar_one())
