"""/lock-down: "This wasn't me". A page without effect, then one button that locks the account down and nothing else.

Reached from the account pages, and signed out by the link in a mail, which works in any browser: whoever has lost their
account is hardly in the one in which they are signed in.
"""

from __future__ import annotations

from typing import NoReturn

import flask

from idp.acts.lock_down import LinkUnusable, LockDownLink, lock_down, lock_down_by_link
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, posted_by_person, shown_to_person
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import language_of, reference_of, require_own_post, sent_fields, visitor_of
from idp.storage.handles import digest
from idp.web.errors import ShownError, WayBack
from idp.wording import msgid

PAGE = "lock_down"
DONE_PAGE = "lock_down_done"


def lock_down_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /lock-down and /lock-down/done."""
    pages = flask.Blueprint("lock_down", __name__)

    @pages.get(Back.LOCK_DOWN)
    def ask() -> flask.Response:
        token = flask.request.args.get("token")
        if token is not None:
            return _link_page(parts, _read(parts, token))
        return shown_to_person(parts, Back.LOCK_DOWN, lambda person: _page(parts, person))

    @pages.post(Back.LOCK_DOWN)
    def locked() -> flask.Response:
        token = sent_fields().get("token")
        if token is not None:
            return _by_link(parts, token)
        return posted_by_person(parts, PAGE, Back.LOCK_DOWN, lambda person: _by_person(parts, person))

    @pages.get(f"{Back.LOCK_DOWN}/done")
    def done() -> flask.Response:
        return parts.pages.render(DONE_PAGE, language=language_of())

    return pages


def _by_link(parts: Parts, token: str) -> flask.Response:
    require_own_post(parts, page=PAGE, binding=digest(token).hex())
    link = _read(parts, token)
    with parts.issuer.database.writing() as connection:
        lock_down_by_link(
            connection,
            link,
            ceiling=parts.issuer.ceiling,
            visitor=visitor_of(parts),
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )
    return see_other(f"{Back.LOCK_DOWN}/done")


def _by_person(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.writing() as connection:
        lock_down(
            connection,
            account_id=person.account_id,
            by="account page",
            ceiling=parts.issuer.ceiling,
            visitor=visitor_of(parts),
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )
    response = see_other(f"{Back.LOCK_DOWN}/done")
    parts.cookies.clear(response, parts.cookies.session_name)
    return response


def _read(parts: Parts, token: str) -> LockDownLink:
    try:
        return parts.lock_down_links.read(token, now=parts.issuer.clock())
    except LinkUnusable as error:
        _fail(parts, error)


def _fail(parts: Parts, error: Exception) -> NoReturn:
    translator = parts.wording.translator(language_of())
    raise ShownError(
        key="lock_down_unknown",
        reference=reference_of(),
        detail=str(error),
        way_back=WayBack(translator.say(msgid("Choose a new password")), "/recover"),
    ) from error


def _page(parts: Parts, person: Standing) -> flask.Response:
    return account_page(parts, PAGE, person, action=Back.LOCK_DOWN.value, token=None, user_id=person.user_id)


def _link_page(parts: Parts, link: LockDownLink) -> flask.Response:
    form_token = parts.form_tokens.issue(page=PAGE, binding=digest(link.token).hex(), now=parts.issuer.clock())
    return parts.pages.render(
        PAGE,
        language=language_of(),
        action=Back.LOCK_DOWN.value,
        form_token=form_token,
        token=link.token,
        user_id=None,
    )
