"""/account/apps: which apps may fetch what about a person, in words, and the button that ends it."""

from __future__ import annotations

from typing import Any

import flask

from idp.acts.standing import Standing
from idp.acts.withdraw_consent import withdraw_consent
from idp.flows.account_visit import account_page, done_of, posted_by_person, shown_to_person, zone_of
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import language_of, sent_fields, visitor_of
from idp.issuance.access import AppAccess, apps_with_access
from idp.web.consent_words import shared_data

PAGE = "account_apps"
DONE = ("withdrawn",)
_ORDER = ("openid", "profile", "email", "phone", "address", "offline_access")


def account_apps_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/apps."""
    pages = flask.Blueprint("account_apps", __name__)

    @pages.get(Back.APPS)
    def apps() -> flask.Response:
        return shown_to_person(parts, Back.APPS, lambda person: _page(parts, person))

    @pages.post(Back.APPS)
    def withdrawn() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.APPS, lambda person: _withdraw(parts, person))

    return pages


def _withdraw(parts: Parts, person: Standing) -> flask.Response:
    client_id, now = sent_fields().get("app", ""), parts.issuer.clock()
    with parts.issuer.database.writing() as connection:
        access = apps_with_access(connection, account_id=person.account_id, now=now)
        # What has ended meanwhile needs no second end, and what never was leaves no trace.
        if client_id in {app.client_id for app in access}:
            withdraw_consent(
                connection,
                account_id=person.account_id,
                client_id=client_id,
                visitor=visitor_of(parts),
                entropy=parts.issuer.entropy,
                now=now,
            )
    return see_other(f"{Back.APPS}?done=withdrawn")


def _page(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        access = apps_with_access(connection, account_id=person.account_id, now=parts.issuer.clock())
        zone = zone_of(connection, person)
    return account_page(
        parts, PAGE, person, zone=zone, apps=[_shown(parts, person, app) for app in access], done=done_of(DONE)
    )


def _shown(parts: Parts, person: Standing, app: AppAccess) -> dict[str, Any]:
    client = parts.issuer.directory.find(app.client_id)
    translator = parts.wording.translator(language_of(account_locale=person.locale))
    return {
        "client_id": app.client_id,
        "name": client.name if client else app.client_id,
        "first_party": client is not None and client.first_party,
        "since": app.since,
        "used_at": app.used_at,
        "lasting": app.lasting,
        "shared": shared_data(translator, scopes=sorted(app.scopes, key=_place), claims={}),
    }


def _place(scope: str) -> tuple[int, str]:
    """Put what everybody knows first, in the order of the consent page, and an app's own permissions last."""
    return (_ORDER.index(scope) if scope in _ORDER else len(_ORDER), scope)
