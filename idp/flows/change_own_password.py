"""/account/password: somebody who is signed in gives themselves a new password, with the one that they have now.

A wrong one counts as a wrong guess, like any other (OWASP ASVS 6.2.2, 6.2.3).
"""

from __future__ import annotations

from collections.abc import Sequence

import flask

from idp.acts.change_password import change_own_password
from idp.acts.new_password import NewPassword
from idp.acts.standing import Standing
from idp.acts.verify_password import PasswordCheck
from idp.flows.account_visit import account_page, begin, posted_by_person, shown_to_person
from idp.flows.answers import see_other
from idp.flows.built_in import ACCOUNT, Back
from idp.flows.new_password import (
    NotChosen,
    asks_for_strength,
    chosen_password,
    new_password_field,
    not_chosen,
    strength_answer,
)
from idp.flows.parts import Parts
from idp.flows.visit import language_of, sent_fields, visitor_of
from idp.lockout.reservation import TooManyGuesses
from idp.passwords.gate import HashingBusy
from idp.passwords.hasher import WrongPassword
from idp.sessions.renew import SessionGone
from idp.web.problems import BUSY, CURRENT_PASSWORD_MISSING, CURRENT_PASSWORD_WRONG, Problem, paused_until

PAGE = "change_own_password"
DONE = f"{Back.PASSWORD}/done"


def change_own_password_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /account/password and /account/password/done."""
    pages = flask.Blueprint("change_own_password", __name__)

    @pages.get(Back.PASSWORD)
    def own_password() -> flask.Response:
        return shown_to_person(parts, Back.PASSWORD, lambda person: _page(parts, person), fresh=True)

    @pages.post(Back.PASSWORD)
    def own_password_sent() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.PASSWORD, lambda person: _sent(parts, person), fresh=True)

    @pages.get(DONE)
    def own_password_done() -> flask.Response:
        return shown_to_person(parts, Back.PASSWORD, lambda person: account_page(parts, "password_done", person))

    return pages


def _sent(parts: Parts, person: Standing) -> flask.Response:
    if asks_for_strength():
        return strength_answer(parts, person.account_id, language_of(account_locale=person.locale))
    current = sent_fields().get("current_password", "")
    if not current:
        return _page(parts, person, problems=[CURRENT_PASSWORD_MISSING])
    try:
        check = parts.passwords.check(
            typed=person.user_id,
            password=current,
            client_id=ACCOUNT.client_id,
            visitor=visitor_of(parts),
            signed_in=True,
        )
    except WrongPassword:
        return _page(parts, person, problems=[CURRENT_PASSWORD_WRONG])
    except TooManyGuesses as error:
        translator = parts.wording.translator(language_of(account_locale=person.locale))
        return _page(parts, person, problems=[paused_until(translator, error.ends_at)], status=429)
    except HashingBusy as error:
        busy = NotChosen(BUSY, busy=error)
        return not_chosen(_page(parts, person, problems=[BUSY], status=busy.status), busy)
    # It was right: whatever comes of it, nobody has guessed.
    parts.passwords.leave_unused(check)
    return _proved(parts, person, check)


def _proved(parts: Parts, person: Standing, check: PasswordCheck) -> flask.Response:
    try:
        handle = _change(parts, person, check, chosen_password(parts, person.account_id))
    except NotChosen as error:
        return not_chosen(_page(parts, person, problems=[error.problem], status=error.status), error)
    except WrongPassword:
        return _page(parts, person, problems=[CURRENT_PASSWORD_WRONG])
    except SessionGone:
        return begin(parts, Back.PASSWORD, fresh=True)
    response = see_other(DONE)
    parts.cookies.set(response, parts.cookies.session_name, handle)
    return response


def _change(parts: Parts, person: Standing, check: PasswordCheck, new: NewPassword) -> str:
    if person.session is None:
        raise SessionGone
    with parts.issuer.database.writing() as connection:
        return change_own_password(
            connection,
            check=check,
            new=new,
            here=person.session,
            sign_out=_signs_out(),
            visitor=visitor_of(),
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )


def _page(parts: Parts, person: Standing, *, problems: Sequence[Problem] = (), status: int = 200) -> flask.Response:
    language = language_of(account_locale=person.locale)
    return account_page(
        parts,
        PAGE,
        person,
        status=status,
        asks=True,
        action=Back.PASSWORD.value,
        user_id=person.user_id,
        sign_out=_signs_out() if problems else True,
        problems=problems,
        **new_password_field(parts, person.account_id, language, problems=problems),
    )


def _signs_out() -> bool:
    return sent_fields().get("sign_out") == "yes"
