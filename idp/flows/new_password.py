"""What the pages share on which a new password is chosen: taking it from the form, and telling how strong one would be.

While it is typed, the page's script posts the same form with `action=strength` to the page's own address: whoever may
choose a password there may ask about one, and nobody else. The answer is plain text, kept by no
cache; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flask

from idp.acts.new_password import NewPassword
from idp.flows.parts import Parts
from idp.flows.visit import fail, sent_fields
from idp.lockout.reservation import TooManyGuesses
from idp.passwords.gate import HashingBusy
from idp.passwords.normal_form import UnusablePassword
from idp.passwords.policy import PasswordRefused, Rules
from idp.passwords.strength import strength_of
from idp.web.problems import BUSY, NEW_PASSWORD_UNUSABLE, Problem, new_password_refused
from idp.web.strength_words import strength_words
from idp.wording import Language

STRENGTH = "strength"
"""The form's action that asks, and changes nothing."""


class NotChosen(Exception):
    """The password may not be chosen; `problem` says why, `busy` that it was not looked at for now."""

    def __init__(self, problem: Problem, *, busy: HashingBusy | None = None) -> None:
        super().__init__(problem.words)
        self.problem = problem
        self.busy = busy

    @property
    def status(self) -> int:
        """The status of the page that says so."""
        return 503 if self.busy else 200


def chosen_password(parts: Parts, account_id: str) -> NewPassword:
    """Take the new password from the form that was sent.

    Raises:
        NotChosen: it is refused, or cannot be hashed now.
        ShownError: too many were tried in this hour.
    """
    try:
        return parts.new_passwords.accept(_typed(), account_id=account_id)
    except PasswordRefused as error:
        raise NotChosen(new_password_refused(error)) from error
    except UnusablePassword as error:
        raise NotChosen(NEW_PASSWORD_UNUSABLE) from error
    except HashingBusy as error:
        raise NotChosen(BUSY, busy=error) from error
    except TooManyGuesses as error:
        fail("too_many_requests", status=429, detail=str(error))


def not_chosen(response: flask.Response, error: NotChosen) -> flask.Response:
    """Finish the page that says why a password was not chosen."""
    if error.busy is not None:
        response.headers["Retry-After"] = str(error.busy.retry_after)
    return response


def new_password_field(
    parts: Parts, account_id: str, language: Language, *, problems: Sequence[Problem]
) -> dict[str, Any]:
    """Give what the template's part for the field wants; of a password that was refused also how strong it was."""
    rules = parts.new_passwords.rules_for(account_id)
    refused = any(problem.field == "new_password" for problem in problems)
    return {"rules": rules, "judged": _judged(parts, rules, language) if refused else ""}


def asks_for_strength() -> bool:
    """Whether the form was sent by the page's script, to learn how strong what is being typed would be."""
    return sent_fields().get("action") == STRENGTH


def strength_answer(parts: Parts, account_id: str | None, language: Language) -> flask.Response:
    """Say what would be wrong with the password in the form, else how strong it is.

    Without an account the page is over: its script says nothing, and sending it will tell why.
    """
    if account_id is None:
        return flask.Response(status=409)
    rules, translator = parts.new_passwords.rules_for(account_id), parts.wording.translator(language)
    try:
        rules.accept(_typed())
        words = _judged(parts, rules, language)
    except PasswordRefused as error:
        words = new_password_refused(error).said(translator)
    except UnusablePassword:
        words = NEW_PASSWORD_UNUSABLE.said(translator)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Language": language}
    return flask.Response(words, content_type="text/plain; charset=utf-8", headers=headers)


def _judged(parts: Parts, rules: Rules, language: Language) -> str:
    password = _typed()
    if not password:
        return ""
    return strength_words(parts.wording.translator(language), strength_of(password, rules.names))


def _typed() -> str:
    return sent_fields().get("new_password", "")
