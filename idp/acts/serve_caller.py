"""What the support desk does for a caller: unlock, start a reset, end sessions, propose to take the second factors.

Invariant: an act is done only for a caller who is verified in this agent's session at this moment; the verified call is
held while it is done. Act, audit event with reason and ticket, and a mail to every address of the owner are one
transaction. No act sets a secret, and none gives one to the agent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.acts.approvals import propose
from idp.acts.desk_agent import Agent
from idp.acts.desk_rules import DeskRefused, Grounds, Why, served_account
from idp.acts.let_guess_again import let_guess_again
from idp.acts.sign_out_everywhere import sign_out_everywhere
from idp.acts.start_reset import start_reset
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.two_person_acts import Doing, TwoPersonAct
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import list_factors
from idp.storage.approval_rows import open_approvals
from idp.storage.call_rows import VerifiedCall, Way, verified_call
from idp.storage.handles import Entropy


class DeskAct(StrEnum):
    """What the desk does; the names are interface: the audit trail and mails use them."""

    UNLOCK = "unlock"
    START_RESET = "start_reset"
    END_SESSIONS = "end_sessions"
    RESET_FACTOR = "reset_factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One act as it is done."""

    account: AccountFacts
    call: VerifiedCall
    grounds: Grounds
    doing: Doing


def serve_caller(
    connection: Connection,
    act: DeskAct,
    *,
    account_id: str,
    agent: Agent,
    grounds: Grounds,
    entropy: Entropy,
    now: float,
) -> None:
    """Do it, write down why, and tell the owner.

    Raises:
        DeskRefused: see there; nothing was done.
    """
    account = served_account(connection, account_id=account_id, agent_id=agent.account_id)
    call = verified_call(connection, desk_sid=agent.sid, account_id=account_id, now=now, hold=True)
    if call is None:
        raise DeskRefused(Why.NOT_VERIFIED)
    doing = Doing(reference=agent.reference, actor=agent.actor, entropy=entropy, now=now)
    case = _Case(account=account, call=call, grounds=grounds, doing=doing)
    # Told first: who reads a mail of a new link should have read why it comes.
    _tell(connection, act, case)
    _ACTS[act](connection, case)
    details = {"act": act.value, "reason": grounds.reason, "ticket": grounds.ticket, "way": call.way}
    event = Event(
        type=EventType.DESK_ACTED,
        at=now,
        actor=doing.actor,
        account_id=account_id,
        reference=doing.reference,
        details=details,
    )
    record(connection, event, entropy=entropy)


def _tell(connection: Connection, act: DeskAct, case: _Case) -> None:
    tell_owner(
        connection,
        notice=Notice.DESK_ACTED,
        account_id=case.account.id,
        visitor=Visitor(address="", user_agent=None, reference=case.doing.reference),
        entropy=case.doing.entropy,
        now=case.doing.now,
        words={"act": act.value, "ticket": case.grounds.ticket},
    )


def _unlock(connection: Connection, case: _Case) -> None:
    doing = case.doing
    let_guess_again(
        connection,
        account_id=case.account.id,
        reference=doing.reference,
        actor=doing.actor,
        entropy=doing.entropy,
        now=doing.now,
    )


def _start_reset(connection: Connection, case: _Case) -> None:
    doing = case.doing
    start_reset(
        connection,
        case.account,
        reference=doing.reference,
        actor=doing.actor,
        entropy=doing.entropy,
        now=doing.now,
    )


def _end_sessions(connection: Connection, case: _Case) -> None:
    doing = case.doing
    sign_out_everywhere(
        connection,
        account_id=case.account.id,
        reference=doing.reference,
        actor=doing.actor,
        entropy=doing.entropy,
        now=doing.now,
    )


def _reset_factor(connection: Connection, case: _Case) -> None:
    """Propose it. A mailbox alone is no ground: with it the password is reset too, and nothing else would be left."""
    if case.call.way != Way.SESSION:
        raise DeskRefused(Why.MAILBOX_ALONE)
    if not list_factors(connection, account_id=case.account.id):
        raise DeskRefused(Why.NO_FACTOR)
    act, account_id = TwoPersonAct.RESET_FACTOR_AT_DESK, case.account.id
    waiting = open_approvals(connection, case.doing.now)
    if any(one.act == act and one.arguments.get("account_id") == account_id for one in waiting):
        raise DeskRefused(Why.PROPOSED_ALREADY)
    arguments = {"account_id": account_id, "ticket": case.grounds.ticket}
    propose(connection, act, arguments, reason=case.grounds.reason, doing=case.doing)


_ACTS: Final[Mapping[DeskAct, Callable[[Connection, _Case], None]]] = {
    DeskAct.UNLOCK: _unlock,
    DeskAct.START_RESET: _start_reset,
    DeskAct.END_SESSIONS: _end_sessions,
    DeskAct.RESET_FACTOR: _reset_factor,
}
