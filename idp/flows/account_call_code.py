"""/account/call-code: the code by which a person on the telephone proves to support that the account is theirs.

Shown once, on the answer to the very press of the button: it stands in no address, and reloading asks for another one.
"""

from __future__ import annotations

import flask

from idp.acts.mail_call_code import spoken
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, posted_by_person, shown_to_person
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, sent_fields, visitor_of
from idp.storage.call_rows import CODE_SECONDS

PAGE = "account_call_code"


def account_call_code_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/call-code."""
    pages = flask.Blueprint("account_call_code", __name__)

    @pages.get(Back.CALL_CODE)
    def question() -> flask.Response:
        return shown_to_person(parts, Back.CALL_CODE, lambda person: _page(parts, person, code=None))

    @pages.post(Back.CALL_CODE)
    def made() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.CALL_CODE, lambda person: _made(parts, person))

    return pages


def _made(parts: Parts, person: Standing) -> flask.Response:
    if sent_fields().get("action") != "make":
        fail("input_invalid", detail="no such button")
    code = parts.call_desk.show(account_id=person.account_id, visitor=visitor_of(parts))
    return _page(parts, person, code=spoken(code))


def _page(parts: Parts, person: Standing, *, code: str | None) -> flask.Response:
    return account_page(parts, PAGE, person, code=code, minutes=int(CODE_SECONDS // 60))
