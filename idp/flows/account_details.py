"""/account/details: contact data, language, which mails come, and the phrase by which a person knows ours."""

from __future__ import annotations

from collections.abc import Sequence

import flask

from idp.accounts.find import find_by_id
from idp.accounts.preferences import MAX_PHRASE, PhraseRefused, preferences_of
from idp.acts.set_preferences import LanguageUnknown, Wishes, set_preferences
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, done_of, posted_by_person, shown_to_person
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, language_of, sent_fields, visitor_of
from idp.web.problems import PHRASE_REFUSED, Problem

PAGE = "account_details"
DONE = ("saved",)


def account_details_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/details."""
    pages = flask.Blueprint("account_details", __name__)

    @pages.get(Back.DETAILS)
    def details() -> flask.Response:
        return shown_to_person(parts, Back.DETAILS, lambda person: _page(parts, person))

    @pages.post(Back.DETAILS)
    def saved() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.DETAILS, lambda person: _save(parts, person))

    return pages


def _save(parts: Parts, person: Standing) -> flask.Response:
    form = sent_fields()
    wishes = Wishes(
        language=form.get("language", ""),
        phrase=form.get("phrase", ""),
        new_device_mail=form.get("new_device_mail") == "yes",
    )
    try:
        with parts.issuer.database.writing() as connection:
            set_preferences(
                connection,
                wishes,
                account_id=person.account_id,
                visitor=visitor_of(parts),
                entropy=parts.issuer.entropy,
                now=parts.issuer.clock(),
            )
    except PhraseRefused:
        return _page(parts, person, typed=wishes, problems=[PHRASE_REFUSED])
    except LanguageUnknown as error:
        fail("input_invalid", detail=f"language {error}")
    return see_other(f"{Back.DETAILS}?done=saved")


def _page(
    parts: Parts, person: Standing, *, typed: Wishes | None = None, problems: Sequence[Problem] = ()
) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        account = find_by_id(connection, account_id=person.account_id)
        chosen = preferences_of(connection, account_id=person.account_id)
    wishes = typed or Wishes(
        language=language_of(account_locale=person.locale),
        phrase=chosen.phrase or "",
        new_device_mail=chosen.new_device_mail,
    )
    return account_page(
        parts,
        PAGE,
        person,
        email=account.email if account else None,
        email_verified=account is not None and account.email_verified,
        phone_number=account.phone_number if account else None,
        wishes=wishes,
        max_phrase=MAX_PHRASE,
        problems=problems,
        done=done_of(DONE),
    )
