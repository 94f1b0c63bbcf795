"""/account: the issuer's own page about the person who is signed in; a first-party client of the same dispatcher."""

from __future__ import annotations

import flask

from idp.accounts.find import find_by_id
from idp.accounts.recovered import cooling_off_until
from idp.acts.standing import Standing
from idp.flows.account_visit import shown_to_person
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import SIGN_OUT_PAGE, language_of, session_digest
from idp.sessions.find import previous_sign_in
from idp.web.errors import WayBack


def account_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account, and the address by which password managers find where to change a password."""
    pages = flask.Blueprint("account", __name__)

    @pages.get("/account")
    def account() -> flask.Response:
        return shown_to_person(parts, Back.HOME, lambda person: _home(parts, person))

    @pages.get("/.well-known/change-password")
    def change_password() -> flask.Response:
        return see_other("/account")

    return pages


def _home(parts: Parts, person: Standing) -> flask.Response:
    handle_digest = session_digest(parts)
    apps = [
        WayBack(label=client.name, address=client.post_logout_redirect_uris[0])
        for client in parts.issuer.directory.all()
        if client.first_party and client.post_logout_redirect_uris and client.disabled_at is None
    ]
    last_sign_in, zone = _last_sign_in(parts, person)
    return parts.pages.render(
        "account_home",
        language=language_of(account_locale=person.locale),
        zone=zone,
        account_name=person.name or person.user_id,
        user_id=person.user_id,
        last_sign_in=last_sign_in,
        recovered_at=person.recovered_at,
        careful_until=cooling_off_until(person.recovered_at, now=parts.issuer.clock()),
        apps=apps,
        sign_out_action="/end-session",
        form_token=parts.form_tokens.issue(
            page=SIGN_OUT_PAGE, binding=handle_digest.hex() if handle_digest else "", now=parts.issuer.clock()
        ),
    )


def _last_sign_in(parts: Parts, person: Standing) -> tuple[float | None, str | None]:
    """Give the instant of the sign-in before this one, and the person's time zone, where there is one."""
    if person.session is None:
        return None, None
    with parts.issuer.database.reading() as connection:
        account = find_by_id(connection, account_id=person.account_id)
        instant = previous_sign_in(connection, account_id=person.account_id, sid=person.session.sid)
    return instant, account.claims.get("zoneinfo") if account else None
