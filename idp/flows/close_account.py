"""/account/close: close one's account, two clicks from home, and keep it after all for thirty days."""

from __future__ import annotations

from contextlib import suppress

import flask

from idp.accounts.disable import UnknownAccount
from idp.acts.close_account import GRACE_SECONDS, ask_to_close, closes_at, keep_account
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, posted_by_person, shown_to_person, zone_of
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, language_of, sent_fields, visitor_of

PAGE = "close_account"
DONE_PAGE = "close_account_done"
DAYS = int(GRACE_SECONDS // 86_400)


def close_account_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /account/close and /account/close/done."""
    pages = flask.Blueprint("close_account", __name__)

    @pages.get(Back.CLOSE)
    def close() -> flask.Response:
        return shown_to_person(parts, Back.CLOSE, lambda person: _page(parts, person), fresh=True)

    @pages.post(Back.CLOSE)
    def closed() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.CLOSE, lambda person: _decide(parts, person), fresh=True)

    @pages.get(f"{Back.CLOSE}/done")
    def done() -> flask.Response:
        return parts.pages.render(DONE_PAGE, language=language_of(), days=DAYS)

    return pages


def _decide(parts: Parts, person: Standing) -> flask.Response:
    action = sent_fields().get("action")
    if action == "close":
        return _close(parts, person)
    if action != "keep":
        fail("input_invalid", detail="no such button")
    # Kept in another tab already, it is kept.
    with suppress(UnknownAccount), parts.issuer.database.writing() as connection:
        keep_account(
            connection,
            account_id=person.account_id,
            actor=f"account:{person.account_id}",
            visitor=visitor_of(parts),
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )
    return see_other(Back.HOME)


def _close(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.writing() as connection:
        ask_to_close(
            connection,
            account_id=person.account_id,
            actor=f"account:{person.account_id}",
            visitor=visitor_of(parts),
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )
    response = see_other(f"{Back.CLOSE}/done")
    parts.cookies.clear(response, parts.cookies.session_name)
    return response


def _page(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        until, zone = closes_at(connection, account_id=person.account_id), zone_of(connection, person)
    return account_page(parts, PAGE, person, zone=zone, user_id=person.user_id, closes_at=until, days=DAYS)
