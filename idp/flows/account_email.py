"""/account/email: another e-mail address, confirmed by a code from its own mailbox, in the session that asked for it.

Both forms want a sign-in of the last five minutes. What the page answers tells nothing about other accounts.
"""

from __future__ import annotations

from collections.abc import Sequence

import flask

from idp.accounts.email_changes import EmailChange
from idp.accounts.find import find_by_id
from idp.acts.change_email import AddressPresent, AddressRefused, WrongCode
from idp.acts.recovery_code import typed as typed_code
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, posted_by_person, shown_to_person
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, language_of, sent_fields, visitor_of
from idp.lockout.reservation import TooManyGuesses
from idp.web.problems import (
    CODE_MISSING,
    CODE_WRONG,
    NEW_ADDRESS_PRESENT,
    NEW_ADDRESS_REFUSED,
    Problem,
    codes_rest_until,
    mails_rest_until,
)

PAGE = "account_email"
DONE_PAGE = "account_email_done"


def account_email_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /account/email and /account/email/done."""
    pages = flask.Blueprint("account_email", __name__)

    @pages.get(Back.EMAIL)
    def email() -> flask.Response:
        return shown_to_person(parts, Back.EMAIL, lambda person: _page(parts, person), fresh=True)

    @pages.post(Back.EMAIL)
    def sent() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.EMAIL, lambda person: _sent(parts, person), fresh=True)

    @pages.get(f"{Back.EMAIL}/done")
    def done() -> flask.Response:
        return shown_to_person(parts, Back.DETAILS, lambda person: _done(parts, person))

    return pages


def _sent(parts: Parts, person: Standing) -> flask.Response:
    action = sent_fields().get("action")
    if action == "ask":
        return _ask(parts, person)
    if action == "confirm":
        return _confirm(parts, person)
    if action != "cancel":
        fail("input_invalid", detail="no such button")
    parts.email_changes.cancel(account_id=person.account_id)
    return see_other(Back.DETAILS)


def _ask(parts: Parts, person: Standing) -> flask.Response:
    typed = sent_fields().get("email", "")
    try:
        parts.email_changes.ask(typed, account_id=person.account_id, sid=_sid(person), visitor=visitor_of(parts))
    except AddressPresent:
        return _page(parts, person, typed=typed, problems=[NEW_ADDRESS_PRESENT])
    except AddressRefused:
        return _page(parts, person, typed=typed, problems=[NEW_ADDRESS_REFUSED])
    except TooManyGuesses as error:
        translator = parts.wording.translator(language_of(account_locale=person.locale))
        problem = mails_rest_until(translator, error.ends_at)
        return _page(parts, person, typed=typed, problems=[problem], status=429)
    return see_other(Back.EMAIL)


def _confirm(parts: Parts, person: Standing) -> flask.Response:
    change = _waiting(parts, person)
    code = typed_code(sent_fields().get("code", ""))
    if change is None:
        # Confirmed or replaced in another tab, or its time is over.
        return see_other(Back.EMAIL)
    if not code:
        return _page(parts, person, problems=[CODE_MISSING])
    try:
        parts.email_changes.confirm(change, code=code, sid=_sid(person), visitor=visitor_of(parts))
    except WrongCode:
        return _page(parts, person, problems=[CODE_WRONG])
    except TooManyGuesses as error:
        translator = parts.wording.translator(language_of(account_locale=person.locale))
        return _page(parts, person, problems=[codes_rest_until(translator, error.ends_at)], status=429)
    return see_other(f"{Back.EMAIL}/done")


def _waiting(parts: Parts, person: Standing) -> EmailChange | None:
    return parts.email_changes.waiting(account_id=person.account_id, sid=_sid(person))


def _sid(person: Standing) -> str:
    return person.session.sid if person.session else ""


def _page(
    parts: Parts, person: Standing, *, typed: str = "", problems: Sequence[Problem] = (), status: int = 200
) -> flask.Response:
    change = _waiting(parts, person)
    with parts.issuer.database.reading() as connection:
        account = find_by_id(connection, account_id=person.account_id)
    return account_page(
        parts,
        PAGE,
        person,
        status=status,
        present=account.email if account else None,
        waiting_for=change.address if change else None,
        another=any(problem.field == "email" for problem in problems),
        typed=typed,
        problems=problems,
    )


def _done(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        account = find_by_id(connection, account_id=person.account_id)
    return account_page(parts, DONE_PAGE, person, email=account.email if account else None)
