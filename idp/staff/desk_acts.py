"""What the buttons of /desk/accounts/ID do: mail a code, verify, end the call, reveal, and the four acts for a caller.

Verifying and revealing need the staff sign-in that is there, since a caller waits; what changes an account needs one of
the last five minutes. A sign-in made anew keeps the session, and with it the verified callers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import flask

from idp.acts.call_code import NoAddress, WrongCallCode
from idp.acts.desk_agent import Agent
from idp.acts.desk_rules import (
    DeskRefused,
    Grounds,
    ReasonMissing,
    TicketMalformed,
    Why,
    reason_of,
    served_account,
    ticket_of,
)
from idp.acts.serve_caller import DeskAct, serve_caller
from idp.acts.standing import Standing
from idp.audit.events import EventType
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, reference_of, sent_fields
from idp.lockout.reservation import TooManyGuesses
from idp.staff.desk_account import PAGE, Reveal, account_page, not_served
from idp.staff.desk_problems import (
    CODE_MISSING,
    CODE_WRONG,
    CODES_REST,
    MAILS_REST,
    REASON_MISSING,
    REFUSALS,
    REVEAL_REASON_MISSING,
    TICKET_MALFORMED,
)
from idp.staff.desk_shown import Value
from idp.staff.desk_trail import note
from idp.staff.roles import Action
from idp.staff.visit import page_name, posted_by_staff, staff_at
from idp.storage.call_rows import verified_call
from idp.web.problems import Problem

REVEAL: Final = "reveal_"
"""Before the name of a value in the name of the button that reveals it."""
FRESH: Final = frozenset(DeskAct)
_NEVER_SERVED: Final = frozenset({Why.UNKNOWN, Why.STAFF, Why.ONESELF})


def acted(parts: Parts, account_id: str) -> flask.Response:
    """Do what a button of the page says.

    Raises:
        ShownError: there is no such button, the role lacks it, or the desk does not serve this account.
    """
    name = sent_fields().get("action", "")
    return posted_by_staff(
        parts,
        page_name(PAGE),
        Back.DESK,
        _action_of(name),
        lambda person: _press(parts, person, account_id, name),
        fresh=name in FRESH,
    )


def _action_of(name: str) -> Action:
    if name in {"mail_code", "verify", "end_call"}:
        return Action.VERIFY_CALLER
    return Action.REVEAL if name.startswith(REVEAL) else Action.SERVE_CALLER


def _press(parts: Parts, person: Standing, account_id: str, name: str) -> flask.Response:
    button = _BUTTONS.get(name)
    if button is None:
        fail("input_invalid", detail="no such button")
    agent = Agent.of(person, reference_of())
    try:
        with parts.issuer.database.reading() as connection:
            served_account(connection, account_id=account_id, agent_id=agent.account_id)
        return button(parts, person, account_id, agent)
    except DeskRefused as error:
        if error.why in _NEVER_SERVED:
            not_served(parts, agent, account_id, error.why)
        with parts.issuer.database.writing() as connection:
            refused = EventType.DESK_REFUSED
            note(parts, connection, refused, agent, account_id=account_id, result=error.why.value, act=name)
        return _again(parts, person, account_id, REFUSALS[error.why], status=409)


def _mail_code(parts: Parts, person: Standing, account_id: str, agent: Agent) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        account = served_account(connection, account_id=account_id, agent_id=agent.account_id)
    try:
        parts.call_desk.mail(account, agent)
    except NoAddress:
        raise DeskRefused(Why.NO_ADDRESS) from None
    except TooManyGuesses:
        return _again(parts, person, account_id, MAILS_REST, status=429)
    return _done(account_id, "mailed")


def _verify(parts: Parts, person: Standing, account_id: str, agent: Agent) -> flask.Response:
    typed = sent_fields().get("code", "")
    if not typed.strip():
        return _again(parts, person, account_id, CODE_MISSING)
    try:
        parts.call_desk.verify(account_id=account_id, typed=typed, agent=agent)
    except WrongCallCode:
        return _again(parts, person, account_id, CODE_WRONG)
    except TooManyGuesses:
        return _again(parts, person, account_id, CODES_REST, status=429)
    return _done(account_id, "verified")


def _end_call(parts: Parts, _person: Standing, account_id: str, agent: Agent) -> flask.Response:
    parts.call_desk.end(account_id=account_id, agent=agent)
    return see_other(Back.DESK)


def _reveal(parts: Parts, person: Standing, account_id: str, agent: Agent) -> flask.Response:
    value = Value(sent_fields().get("action", "").removeprefix(REVEAL))
    with parts.issuer.database.reading() as connection:
        if verified_call(connection, desk_sid=agent.sid, account_id=account_id, now=parts.issuer.clock()) is None:
            raise DeskRefused(Why.NOT_VERIFIED)
    try:
        reason = reason_of(sent_fields().get("reveal_reason", ""))
    except ReasonMissing:
        return _again(parts, person, account_id, REVEAL_REASON_MISSING)
    return account_page(
        parts, person, account_id, reveal=Reveal(value=value, reason=reason), typed={"reveal_reason": reason}
    )


def _act(parts: Parts, person: Standing, account_id: str, agent: Agent) -> flask.Response:
    act = DeskAct(sent_fields().get("action", ""))
    try:
        grounds = Grounds(
            reason=reason_of(sent_fields().get("reason", "")), ticket=ticket_of(sent_fields().get("ticket", ""))
        )
    except ReasonMissing:
        return _again(parts, person, account_id, REASON_MISSING)
    except TicketMalformed:
        return _again(parts, person, account_id, TICKET_MALFORMED)
    with parts.issuer.database.writing() as connection:
        # Read anew under a hold: a session that ends at this moment serves nobody.
        present = staff_at(parts, connection, hold=True)
        if present is None or present.account_id != agent.account_id:
            raise DeskRefused(Why.NOT_VERIFIED)
        serve_caller(
            connection,
            act,
            account_id=account_id,
            agent=Agent.of(present, agent.reference),
            grounds=grounds,
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )
    return _done(account_id, act.value)


def _done(account_id: str, what: str) -> flask.Response:
    return see_other(f"{Back.DESK}/accounts/{account_id}?done={what}")


def _again(parts: Parts, person: Standing, account_id: str, problem: Problem, *, status: int = 200) -> flask.Response:
    """Show the page with what to mend; what was typed stays, a code does not."""
    typed = {name: sent_fields().get(name, "") for name in ("reason", "ticket", "reveal_reason")}
    return account_page(parts, person, account_id, problems=[problem], typed=typed, status=status)


Button = Callable[[Parts, Standing, str, Agent], flask.Response]
_BUTTONS: Final[Mapping[str, Button]] = {
    "mail_code": _mail_code,
    "verify": _verify,
    "end_call": _end_call,
    **{f"{REVEAL}{value}": _reveal for value in Value},
    **dict.fromkeys(DeskAct, _act),
}
