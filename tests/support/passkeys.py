"""People with passkeys at an issuer in this process, and how their browser's script posts an answer."""

from __future__ import annotations

import html
import re
from typing import Any

from werkzeug.test import TestResponse

from idp.acts.visitor import Visitor
from idp.app import Service
from tests.support.authenticator import Authenticator, Said, text
from tests.support.in_process import ADDRESS, Browser

VISITOR = Visitor(address="192.0.2.7", user_agent="Firefox on Linux", reference="ABCD-1234")


def enrol(service: Service, account_id: str, **about: int | None) -> Authenticator:
    """Give an account a passkey, by the act that the pages use."""
    passkey, place = Authenticator(said=Said(origin=service.settings.issuer), **about), "session:test"  # type: ignore[arg-type]
    with service.database.writing() as connection:
        options = service.parts.passkey_enrolment.begin(connection, account_id=account_id, place=place)
        service.parts.passkey_enrolment.finish(
            connection,
            text(passkey.create(options)),
            account_id=account_id,
            place=place,
            name="A passkey",
            visitor=VISITOR,
        )
    return passkey


def options_on(page: TestResponse) -> str:
    """Read what a page asks a passkey for."""
    found = re.search(r'data-options="([^"]+)"', page.text)
    assert found
    return html.unescape(found[1])


def post_answer(browser: Browser, page: TestResponse, answer: str, **options: Any) -> TestResponse:  # noqa: ANN401 - of a post
    """Post an answer from the sign-in page, as its script does."""
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert token
    form = {"form_token": html.unescape(token[1]), "passkey": answer}
    address = page.request.full_path.replace("/sign-in", "/sign-in/passkey")
    return browser.post(address, form, **({"headers": {"Origin": ADDRESS}} | options))


def sign_in_by_passkey(browser: Browser, response: TestResponse, passkey: Authenticator) -> TestResponse:
    """Answer the sign-in page that a redirect leads to (or this page) with a passkey."""
    page = browser.follow(response)
    return post_answer(browser, page, text(passkey.get(options_on(page))))
