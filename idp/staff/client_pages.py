"""/security/clients: which apps there are, what their tokens are signed with, and the button that stops one at once."""

from __future__ import annotations

import flask

from idp.acts.disable_client import disable_client
from idp.acts.standing import Standing
from idp.clients.registration import ClientUnknown
from idp.flows.answers import see_other
from idp.flows.built_in import Back, is_built_in
from idp.flows.parts import Parts
from idp.flows.visit import fail, sent_fields
from idp.staff.roles import Action
from idp.staff.visit import console_page, page_name, posted_by_staff, shown_to_staff

PAGE = "clients"


def client_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /security/clients."""
    pages = flask.Blueprint("security_clients", __name__)

    @pages.get(Back.SECURITY_CLIENTS)
    def clients() -> flask.Response:
        return shown_to_staff(parts, Back.SECURITY_CLIENTS, Action.SEE_CLIENTS, lambda person: _page(parts, person))

    @pages.post(Back.SECURITY_CLIENTS)
    def disabled() -> flask.Response:
        return posted_by_staff(
            parts,
            page_name(PAGE),
            Back.SECURITY_CLIENTS,
            Action.DISABLE_CLIENT,
            lambda person: _disable(parts, person),
        )

    return pages


def _disable(parts: Parts, person: Standing) -> flask.Response:
    try:
        with parts.issuer.database.writing() as connection:
            disable_client(
                connection,
                client_id=sent_fields().get("client_id", ""),
                actor=f"account:{person.account_id}",
                entropy=parts.issuer.entropy,
                now=parts.issuer.clock(),
            )
    except ClientUnknown:
        fail("input_invalid", detail="no such client")
    return see_other(f"{Back.SECURITY_CLIENTS}?done=disabled")


def _page(parts: Parts, person: Standing) -> flask.Response:
    clients = [client for client in parts.issuer.directory.all() if not is_built_in(client)]
    clients.sort(key=lambda client: client.client_id)
    return console_page(parts, PAGE, person, clients=clients, done=flask.request.args.get("done"))
