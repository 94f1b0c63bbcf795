"""/account/new-phone: the order that shuts nobody out: the new factor is added and proved, then the old one goes."""

from __future__ import annotations

import flask

from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, shown_to_person, zone_of
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.mfa.factors import list_factors

PAGE = "account_new_phone"


def account_new_phone_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/new-phone."""
    pages = flask.Blueprint("account_new_phone", __name__)

    @pages.get(Back.NEW_PHONE)
    def new_phone() -> flask.Response:
        return shown_to_person(parts, Back.NEW_PHONE, lambda person: _page(parts, person))

    return pages


def _page(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        factors = list_factors(connection, account_id=person.account_id)
        zone = zone_of(connection, person)
    return account_page(parts, PAGE, person, zone=zone, factors=factors)
