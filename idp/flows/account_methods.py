"""/account/methods: how a person signs in: password, second factors, recovery codes, and where to change each."""

from __future__ import annotations

import flask

from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, shown_to_person, zone_of
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.mfa.factors import list_factors
from idp.mfa.recovery_codes import codes_left
from idp.mfa.remembered import count_remembered

PAGE = "account_methods"


def account_methods_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/methods."""
    pages = flask.Blueprint("account_methods", __name__)

    @pages.get(Back.METHODS)
    def methods() -> flask.Response:
        return shown_to_person(parts, Back.METHODS, lambda person: _page(parts, person))

    return pages


def _page(parts: Parts, person: Standing) -> flask.Response:
    now = parts.issuer.clock()
    with parts.issuer.database.reading() as connection:
        factors = list_factors(connection, account_id=person.account_id)
        left = codes_left(connection, account_id=person.account_id) if factors else None
        remembered = count_remembered(connection, account_id=person.account_id, now=now)
        zone = zone_of(connection, person)
    return account_page(
        parts,
        PAGE,
        person,
        zone=zone,
        password_changed_at=person.password_changed_at,
        factors=factors,
        codes_left=left,
        remembered=remembered,
        shared_device=person.session is not None and person.session.shared_device,
    )
