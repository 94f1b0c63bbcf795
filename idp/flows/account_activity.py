"""/account/activity: what happened to the account lately, in words, with "This wasn't me" beside each line."""

from __future__ import annotations

from typing import Any

import flask
from sqlalchemy import Connection

from idp.acts.browser_name import browser_name
from idp.acts.standing import Standing
from idp.audit.activity import recent_events
from idp.audit.events import EventType, RecordedEvent
from idp.flows.account_visit import account_page, shown_to_person, zone_of
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import language_of
from idp.web.activity_words import ACTIVITY_WORDS, activity_words

PAGE = "account_activity"
SHOWN = 20
BY_ANYBODY = frozenset(
    {
        EventType.SIGN_IN_REFUSED,
        EventType.ACCOUNT_LOCKED,
        EventType.RECOVERY_ASKED,
        EventType.RECOVERY_REFUSED,
    }
)
"""What a stranger can bring about as often as they like: the last few stand among the rest, and push nothing off."""
BY_ANYBODY_SHOWN = 5


def account_activity_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/activity."""
    pages = flask.Blueprint("account_activity", __name__)

    @pages.get(Back.ACTIVITY)
    def activity() -> flask.Response:
        return shown_to_person(parts, Back.ACTIVITY, lambda person: _page(parts, person))

    return pages


def _page(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        events = _events(connection, person.account_id)
        zone = zone_of(connection, person)
    return account_page(parts, PAGE, person, zone=zone, events=[_shown(parts, person, event) for event in events])


def _events(connection: Connection, account_id: str) -> list[RecordedEvent]:
    own = recent_events(
        connection, account_id=account_id, types=ACTIVITY_WORDS.keys() - BY_ANYBODY, count=SHOWN - BY_ANYBODY_SHOWN
    )
    others = recent_events(connection, account_id=account_id, types=BY_ANYBODY, count=BY_ANYBODY_SHOWN)
    return sorted([*own, *others], key=lambda event: event.id, reverse=True)


def _shown(parts: Parts, person: Standing, event: RecordedEvent) -> dict[str, Any]:
    translator = parts.wording.translator(language_of(account_locale=person.locale))
    name = browser_name(event.personal.user_agent if event.personal else None)
    client = parts.issuer.directory.find(event.client_id) if event.client_id else None
    return {
        "words": activity_words(translator, event.type),
        "at": event.at,
        "app": client.name if client and client.redirect_uris else None,
        "address": event.personal.address if event.personal else None,
        "browser": name.browser,
        "system": name.system,
        "here": person.session is not None and event.sid == person.session.sid,
        "reference": event.reference,
    }
