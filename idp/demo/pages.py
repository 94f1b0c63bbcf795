"""The demo's own pages: a tour, settings to paste into an app, and the mailbox. They exist in demo mode alone."""

from __future__ import annotations

import flask

from idp.demo.clients import own_apps, port_of, portals
from idp.demo.factors import shown_factors
from idp.demo.mailbox import add_mailbox
from idp.demo.people import PASSWORD, PEOPLE
from idp.demo.staff import STAFF, add_staff
from idp.flows.parts import Parts
from idp.flows.visit import language_of


def demo_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at / and under /demo."""
    pages = flask.Blueprint("demo", __name__)
    issuer = parts.issuer.address

    @pages.get("/")
    def home() -> flask.Response:
        return parts.pages.render(
            "demo_home",
            language=language_of(),
            portals=portals(port_of(issuer)),
            people=PEOPLE,
            password=PASSWORD,
            factors=shown_factors(PEOPLE, now=parts.issuer.clock()),
            mailbox=True,
            staff=STAFF,
            form_token=parts.form_tokens.issue(page="demo_home", binding="", now=parts.issuer.clock()),
        )

    @pages.get("/demo/connect")
    def connect() -> flask.Response:
        return parts.pages.render("demo_connect", language=language_of(), issuer=issuer, clients=own_apps())

    add_mailbox(pages, parts)
    add_staff(pages, parts)
    return pages
