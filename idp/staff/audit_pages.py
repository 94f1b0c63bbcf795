"""/security/audit: search the trail, beside whether it is sealed and what left the house. Reading changes nothing."""

from __future__ import annotations

from typing import Any, Final

import flask
from sqlalchemy import Connection

from idp.acts.staff_members import staff_members
from idp.acts.standing import Standing
from idp.audit.browse import Wanted, latest_events
from idp.audit.events import EventType
from idp.audit.read import events_by_reference
from idp.audit.verify import chain_state
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.staff.roles import Action
from idp.staff.visit import console_page, shown_to_staff

MOST = 100
FIELDS = ("type", "account_id", "client_id", "reference")
MAX_TYPED = 128
KNOWN: Final[dict[str, Any]] = {"kinds": sorted(EventType), "most": MOST}


def audit_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /security/audit."""
    pages = flask.Blueprint("security_audit", __name__)

    @pages.get(Back.SECURITY_AUDIT)
    def audit() -> flask.Response:
        return shown_to_staff(parts, Back.SECURITY_AUDIT, Action.SEE_AUDIT, lambda person: _page(parts, person))

    return pages


def _page(parts: Parts, person: Standing) -> flask.Response:
    typed = {name: flask.request.args.get(name, "").strip()[:MAX_TYPED] for name in FIELDS}
    with parts.issuer.database.reading() as connection:
        if typed["reference"]:
            events = events_by_reference(connection, reference=typed["reference"])[:MOST]
        else:
            wanted = Wanted(
                type=typed["type"] or None,
                account_id=_account_id(connection, typed["account_id"]) or None,
                client_id=typed["client_id"] or None,
            )
            events = latest_events(connection, wanted, count=MOST)
        chain = chain_state(connection)
    return console_page(parts, "audit", person, typed=typed, events=events[::-1], chain=chain, **KNOWN)


def _account_id(connection: Connection, typed: str) -> str:
    """Give the id of a colleague who was named; anybody else is found by their id alone: the trail links nobody."""
    return next((one.account_id for one in staff_members(connection) if one.user_id == typed), typed)
