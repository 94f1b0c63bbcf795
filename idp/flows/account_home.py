"""/account: the issuer's own page about the person who is signed in; a first-party client of the same dispatcher.

What needs attention comes first: a locked-out phone, a recovery, few recovery codes, an offer. Everything else is a
page of its own, one link away.
"""

from __future__ import annotations

from dataclasses import dataclass

import flask

from idp.accounts.find import find_by_id
from idp.accounts.preferences import preferences_of
from idp.accounts.recovered import cooling_off_until
from idp.acts.close_account import closes_at
from idp.acts.set_preferences import hide_offer
from idp.acts.standing import Standing
from idp.delivery.app_logouts import Receipt, receipts_of
from idp.flows.account_visit import account_page, account_token, posted_by_person, shown_to_person
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import SIGN_OUT_PAGE
from idp.mfa.recovery_codes import codes_left
from idp.sessions.find import previous_sign_in
from idp.web.errors import WayBack

PAGE = "account_home"
FEW_CODES = 2
RECEIPTS_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the page says beside what every page knows; instants in seconds."""

    zone: str | None
    last_sign_in: float | None
    closes_at: float | None
    offer: bool
    codes_left: int | None
    receipts: tuple[Receipt, ...]


def account_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account, and the address by which password managers find where to change a password."""
    pages = flask.Blueprint("account", __name__)

    @pages.get(Back.HOME)
    def account() -> flask.Response:
        return shown_to_person(parts, Back.HOME, lambda person: _home(parts, person))

    @pages.post(Back.HOME)
    def not_now() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.HOME, lambda person: _not_now(parts, person))

    @pages.get("/.well-known/change-password")
    def change_password() -> flask.Response:
        return see_other(Back.PASSWORD)

    return pages


def _not_now(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.writing() as connection:
        hide_offer(connection, account_id=person.account_id, now=parts.issuer.clock())
    return see_other(Back.HOME)


def _home(parts: Parts, person: Standing) -> flask.Response:
    known = _known(parts, person)
    return account_page(
        parts,
        PAGE,
        person,
        zone=known.zone,
        account_name=person.name or person.user_id,
        user_id=person.user_id,
        last_sign_in=known.last_sign_in,
        recovered_at=person.recovered_at,
        careful_until=cooling_off_until(person.recovered_at, now=parts.issuer.clock()),
        shared_device=person.session is not None and person.session.shared_device,
        closes_at=known.closes_at,
        offer=known.offer,
        codes_left=known.codes_left,
        told=_names(parts, [receipt for receipt in known.receipts if receipt.confirmed]),
        pending=_names(parts, [receipt for receipt in known.receipts if receipt.pending]),
        apps=_apps(parts),
        sign_out_action="/end-session",
        sign_out_token=account_token(parts, SIGN_OUT_PAGE),
    )


def _known(parts: Parts, person: Standing) -> _Known:
    now = parts.issuer.clock()
    sid = person.session.sid if person.session else ""
    shared = person.session is not None and person.session.shared_device
    with parts.issuer.database.reading() as connection:
        account = find_by_id(connection, account_id=person.account_id)
        preferences = preferences_of(connection, account_id=person.account_id)
        left = codes_left(connection, account_id=person.account_id) if person.factors else None
        return _Known(
            zone=account.claims.get("zoneinfo") if account else None,
            closes_at=closes_at(connection, account_id=person.account_id),
            last_sign_in=previous_sign_in(connection, account_id=person.account_id, sid=sid),
            # Nobody is asked to leave a passkey on a device that others use.
            offer=not person.factors and not shared and preferences.offer_due(now=now),
            codes_left=left if left is not None and left <= FEW_CODES else None,
            receipts=receipts_of(connection, account_id=person.account_id, since=now - RECEIPTS_SECONDS),
        )


def _apps(parts: Parts) -> list[WayBack]:
    return [
        WayBack(label=client.name, address=client.post_logout_redirect_uris[0])
        for client in parts.issuer.directory.all()
        if client.first_party and client.post_logout_redirect_uris and client.disabled_at is None
    ]


def _names(parts: Parts, receipts: list[Receipt]) -> list[str]:
    """Name each app once, in the order of the alphabet."""
    clients = [parts.issuer.directory.find(receipt.client_id) for receipt in receipts]
    return sorted({client.name for client in clients if client is not None})
