"""/security/keys: how the keys live, who has not fetched which, and the buttons that change that."""

from __future__ import annotations

import flask

from idp.acts.standing import Standing
from idp.audit.browse import Wanted, latest_events
from idp.audit.events import EventType
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import sent_fields
from idp.staff.key_acts import ACTION_OF, do_with_key
from idp.staff.key_shown import shown_families
from idp.staff.roles import Action
from idp.staff.visit import console_page, page_name, posted_by_staff, shown_to_staff
from idp.storage.incident_rows import list_incidents

PAGE = "keys"
DRILLS = 3


def key_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /security/keys."""
    pages = flask.Blueprint("security_keys", __name__)

    @pages.get(Back.SECURITY_KEYS)
    def keys() -> flask.Response:
        return shown_to_staff(parts, Back.SECURITY_KEYS, Action.SEE_KEYS, lambda person: _page(parts, person))

    @pages.post(Back.SECURITY_KEYS)
    def acted() -> flask.Response:
        action = ACTION_OF.get(sent_fields().get("action", ""), Action.ROTATE_KEY)
        return posted_by_staff(
            parts, page_name(PAGE), Back.SECURITY_KEYS, action, lambda person: do_with_key(parts, person)
        )

    return pages


def _page(parts: Parts, person: Standing) -> flask.Response:
    now = parts.issuer.clock()
    with parts.issuer.database.reading() as connection:
        families = shown_families(connection, parts.key_desk.pick_up(), now)
        incidents = list_incidents(connection)
        drills = latest_events(connection, Wanted(type=EventType.DRILL_ENDED.value), count=DRILLS)
    return console_page(
        parts,
        PAGE,
        person,
        families=families,
        incidents=incidents,
        drills=drills[::-1],
        actor=f"account:{person.account_id}",
        done=flask.request.args.get("done"),
    )
