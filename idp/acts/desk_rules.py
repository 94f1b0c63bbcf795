"""For whom the support desk acts: never for staff, never for the agent themselves, and with a reason and a ticket.

An agent's own customer account is known by the address that both have: whoever shares a mailbox with an agent is
served by another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.accounts.policy import Kind, Status

SHORTEST_REASON: Final = 5
LONGEST_REASON: Final = 500
_TICKET: Final = re.compile(r"(?=[A-Z0-9-]*[0-9])[A-Z0-9][A-Z0-9-]{2,31}\Z", re.ASCII)


class Why(StrEnum):
    """Why the desk does not act; the names stand in the audit trail."""

    UNKNOWN = "unknown"
    STAFF = "staff"
    ONESELF = "oneself"
    NOT_VERIFIED = "not_verified"
    NO_ADDRESS = "no_address"
    NO_PASSWORD = "no_password"
    NO_FACTOR = "no_factor"
    MAILBOX_ALONE = "mailbox_alone"
    STOPPED = "stopped"
    MAILED_LATELY = "mailed_lately"
    PROPOSED_ALREADY = "proposed_already"


class DeskRefused(Exception):
    """The desk does not do that; `why` says on what ground."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class ReasonMissing(ValueError):
    """No reason that somebody else would understand."""


class TicketMalformed(ValueError):
    """Not the number of a ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Why an agent does something, and under which number of the ticket system."""

    reason: str
    ticket: str


def reason_of(typed: str) -> str:
    """Give a reason as it is kept: on one line.

    Raises:
        ReasonMissing: see there.
    """
    reason = " ".join(typed.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise ReasonMissing(reason)
    return reason


def ticket_of(typed: str) -> str:
    """Give a ticket number as it is kept: letters, digits and dashes, with a digit among them.

    Raises:
        TicketMalformed: see there.
    """
    ticket = typed.strip().upper()
    if not _TICKET.match(ticket):
        raise TicketMalformed(ticket)
    return ticket


def served_account(connection: Connection, *, account_id: str, agent_id: str) -> AccountFacts:
    """Give the account that an agent may serve.

    Raises:
        DeskRefused: there is none, it is a colleague's, or the agent's own.
    """
    account = find_by_id(connection, account_id=account_id)
    if account is None or account.status == Status.CLOSED.value:
        raise DeskRefused(Why.UNKNOWN)
    agent = find_by_id(connection, account_id=agent_id)
    if account_id == agent_id or (agent and agent.email_key and agent.email_key == account.email_key):
        raise DeskRefused(Why.ONESELF)
    if account.kind == Kind.STAFF.value:
        raise DeskRefused(Why.STAFF)
    return account
