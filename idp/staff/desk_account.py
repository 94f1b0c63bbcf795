"""/desk/accounts/ID: the account of a caller: first the call code, then what is known, then what can be done.

Invariant: who may verify callers sees next to nothing of an account until one is verified; whoever only reads
(auditors, security engineers) sees it masked and can neither verify, nor reveal, nor act. Every view is in the audit
trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import flask
from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.acts.desk_agent import Agent
from idp.acts.desk_rules import DeskRefused, Why, served_account
from idp.acts.serve_caller import DeskAct
from idp.acts.standing import Standing
from idp.audit.events import EventType
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, reference_of
from idp.staff.desk_shown import Value, before_verification, value_of, whole_account
from idp.staff.desk_trail import note
from idp.staff.roles import Action, may
from idp.staff.visit import console_page
from idp.storage.call_rows import VerifiedCall, verified_call
from idp.web.problems import Problem

PAGE: Final = "desk_account"
MAX_TYPED: Final = 128
DONE: Final = frozenset({*DeskAct, "mailed", "verified"})
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """A value that an agent wants to see whole, and why."""

    value: Value
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """An account as one person may see it at one moment."""

    account: AccountFacts
    call: VerifiedCall | None
    whole: bool
    known: Mapping[str, Any]


def shown(parts: Parts, person: Standing, account_id: str) -> flask.Response:
    """Show an account to whoever sees the desk, and write down that they looked."""
    done = flask.request.args.get("done", "")
    return account_page(parts, person, account_id, done=done if done in DONE else None)


def account_page(
    parts: Parts,
    person: Standing,
    account_id: str,
    *,
    reveal: Reveal | None = None,
    typed: Fields | None = None,
    problems: Sequence[Problem] = (),
    **context: Any,  # noqa: ANN401 - the page's own
) -> flask.Response:
    """Render the account as this person may see it now; `reveal` is a value to show whole."""
    agent = Agent.of(person, reference_of())
    asked = flask.request.args.get("reference", "").strip()[:MAX_TYPED]
    try:
        with parts.issuer.database.writing() as connection:
            seen = _look(parts, connection, person, account_id, asked)
            revealed = _revealed(parts, connection, seen, agent, reveal)
    except DeskRefused as error:
        not_served(parts, agent, account_id, error.why)
    return console_page(
        parts,
        PAGE,
        person,
        account_id=account_id,
        action=f"{Back.DESK}/accounts/{account_id}",
        call=seen.call,
        whole=seen.whole,
        known=seen.known,
        revealed=revealed,
        asked=asked,
        typed=typed or {},
        problems=problems,
        **({"done": None} | context),
    )


def _look(parts: Parts, connection: Connection, person: Standing, account_id: str, asked: str) -> _Seen:
    agent, now = Agent.of(person, reference_of()), parts.issuer.clock()
    account = served_account(connection, account_id=account_id, agent_id=agent.account_id)
    call = verified_call(connection, desk_sid=agent.sid, account_id=account_id, now=now)
    whole = call is not None or not may(person.role, Action.VERIFY_CALLER)
    known = before_verification(account)
    if whole:
        known |= whole_account(connection, account, reference=asked, now=now)
    note(parts, connection, EventType.DESK_VIEWED, agent, account_id=account_id, whole=whole)
    return _Seen(account=account, call=call, whole=whole, known=known)


def _revealed(
    parts: Parts, connection: Connection, seen: _Seen, agent: Agent, reveal: Reveal | None
) -> dict[str, str | None]:
    if reveal is None or seen.call is None:
        return {}
    told = {"value": reveal.value.value, "reason": reveal.reason}
    note(parts, connection, EventType.DESK_REVEALED, agent, account_id=seen.account.id, **told)
    return {reveal.value.value: value_of(seen.account, reveal.value)}


def not_served(parts: Parts, agent: Agent, account_id: str, why: Why) -> NoReturn:
    """Write down that the desk does not serve an account, and end the request.

    Raises:
        ShownError: always.
    """
    if why is Why.UNKNOWN:
        fail("not_found", status=404, detail="no such account")
    with parts.issuer.database.writing() as connection:
        note(parts, connection, EventType.DESK_REFUSED, agent, account_id=account_id, result=why.value)
    fail("not_served", status=403, detail=why.value)
