"""/desk: find the account that a caller speaks of, and see which callers are verified in this session."""

from __future__ import annotations

from collections.abc import Sequence

import flask

from idp.acts.desk_agent import Agent
from idp.acts.find_caller import find_caller
from idp.acts.standing import Standing
from idp.audit.events import EventType
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, reference_of, sent_fields
from idp.staff.desk_account import shown
from idp.staff.desk_acts import acted
from idp.staff.desk_problems import TYPED_MISSING
from idp.staff.desk_trail import note
from idp.staff.roles import Action
from idp.staff.visit import console_page, page_name, posted_by_staff, shown_to_staff
from idp.storage.call_rows import verified_calls
from idp.web.problems import Problem

PAGE = "desk"
ONE = f"{Back.DESK}/accounts/<account_id>"
MAX_TYPED = 254


def desk_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /desk and /desk/accounts/ID."""
    pages = flask.Blueprint("desk", __name__)

    @pages.get(Back.DESK)
    def search() -> flask.Response:
        return shown_to_staff(parts, Back.DESK, Action.SEE_DESK, lambda person: _page(parts, person))

    @pages.post(Back.DESK)
    def found() -> flask.Response:
        return posted_by_staff(
            parts, page_name(PAGE), Back.DESK, Action.SEE_DESK, lambda person: _found(parts, person), fresh=False
        )

    @pages.get(ONE)
    def one(account_id: str) -> flask.Response:
        return shown_to_staff(parts, Back.DESK, Action.SEE_DESK, lambda person: shown(parts, person, account_id))

    @pages.post(ONE)
    def button(account_id: str) -> flask.Response:
        return acted(parts, account_id)

    return pages


def _found(parts: Parts, person: Standing) -> flask.Response:
    if sent_fields().get("action") != "find":
        fail("input_invalid", detail="no such button")
    typed, agent = sent_fields().get("typed", "").strip()[:MAX_TYPED], Agent.of(person, reference_of())
    if not typed:
        return _page(parts, person, problems=[TYPED_MISSING])
    with parts.issuer.database.writing() as connection:
        account = find_caller(connection, typed)
        # What was typed is not kept: agents mistype, and callers say what they should not.
        result = "ok" if account else "nobody"
        account_id = account.id if account else None
        note(parts, connection, EventType.DESK_SEARCHED, agent, account_id=account_id, result=result)
    return see_other(f"{Back.DESK}/accounts/{account.id}") if account else _page(parts, person, nobody=typed)


def _page(
    parts: Parts, person: Standing, *, nobody: str | None = None, problems: Sequence[Problem] = ()
) -> flask.Response:
    agent = Agent.of(person, reference_of())
    with parts.issuer.database.reading() as connection:
        calls = verified_calls(connection, desk_sid=agent.sid, now=parts.issuer.clock())
    return console_page(parts, PAGE, person, calls=calls, nobody=nobody, problems=problems)
