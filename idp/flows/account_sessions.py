"""/account/sessions: where a person is signed in, and the buttons that end that: one, or everywhere else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import flask

from idp.acts.browser_name import browser_name
from idp.acts.end_other_sessions import NotTheirSession, end_other_sessions, end_own_session
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, done_of, posted_by_person, shown_to_person, zone_of
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, sent_fields, visitor_of
from idp.sessions.listing import ListedSession, sessions_of

PAGE = "account_sessions"
DONE = ("ended", "ended_others")


def account_sessions_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/sessions."""
    pages = flask.Blueprint("account_sessions", __name__)

    @pages.get(Back.SESSIONS)
    def sessions() -> flask.Response:
        return shown_to_person(parts, Back.SESSIONS, lambda person: _page(parts, person))

    @pages.post(Back.SESSIONS)
    def ended() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.SESSIONS, lambda person: _end(parts, person))

    return pages


def _end(parts: Parts, person: Standing) -> flask.Response:
    own = person.session.sid if person.session else ""
    action, sid = sent_fields().get("action"), sent_fields().get("sid", "")
    if action not in {"end", "end_others"}:
        fail("input_invalid", detail="no such button")
    common: dict[str, Any] = {
        "account_id": person.account_id,
        "visitor": visitor_of(parts),
        "entropy": parts.issuer.entropy,
        "now": parts.issuer.clock(),
    }
    if action == "end_others":
        with parts.issuer.database.writing() as connection:
            end_other_sessions(connection, sid=own, **common)
        return see_other(f"{Back.SESSIONS}?done=ended_others")
    # One that has ended meanwhile is what the person wants; somebody else's looks the same.
    with suppress(NotTheirSession), parts.issuer.database.writing() as connection:
        end_own_session(connection, sid=sid, **common)
    response = see_other(f"{Back.SESSIONS}?done=ended")
    if sid == own:
        parts.cookies.clear(response, parts.cookies.session_name)
    return response


def _page(parts: Parts, person: Standing) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        sessions = sessions_of(connection, account_id=person.account_id, now=parts.issuer.clock())
        zone = zone_of(connection, person)
    own = person.session.sid if person.session else ""
    here = [session for session in sessions if session.sid == own]
    others = [session for session in sessions if session.sid != own]
    return account_page(
        parts,
        PAGE,
        person,
        zone=zone,
        sessions=[_shown(session, here=session.sid == own) for session in (*here, *others)],
        done=done_of(DONE),
    )


def _shown(session: ListedSession, *, here: bool) -> dict[str, Any]:
    name = browser_name(session.user_agent_label)
    return {
        "sid": session.sid,
        "browser": name.browser,
        "system": name.system,
        "address": session.address,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "shared_device": session.shared_device,
        "here": here,
    }
