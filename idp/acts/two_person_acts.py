"""The acts that take two people: what can't be undone, and what lowers a guard. Containment is none of them.

Each takes its arguments as JSON gives them and a connection in whose transaction the approval is spent: the act is done
with it, or neither is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from idp.acts.desk_rules import served_account
from idp.acts.destroy_key import destroy_key
from idp.acts.override_pick_up import override_pick_up
from idp.acts.reset_factor import reset_factor
from idp.acts.update_client import update_client
from idp.mfa.policy import LEVELS, PWD
from idp.storage.handles import Entropy


class TwoPersonAct(StrEnum):
    """The names under which acts are proposed; they are interface: the audit trail and exports use them."""

    RESET_FACTOR = "reset_factor"
    RESET_FACTOR_AT_DESK = "reset_factor_at_desk"
    WEAKEN_CLIENT = "weaken_client"
    DESTROY_KEY = "destroy_key"
    OVERRIDE_PICK_UP = "override_pick_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """In whose name an act is done, and the number under which it is found again."""

    reference: str
    actor: str
    entropy: Entropy
    now: float


Outcome = Mapping[str, Any]
Run = Callable[[Connection, Mapping[str, Any], Doing], Outcome]


def run(connection: Connection, act: str, arguments: Mapping[str, Any], doing: Doing) -> Outcome:
    """Do it, and say how much was done."""
    return _RUNS[TwoPersonAct(act)](connection, arguments, doing)


def weakens(present: str | None, changes: Mapping[str, Any]) -> bool:
    """Whether a change of a client's registration asks for a weaker sign-in than it does now."""
    if "minimum_acr" not in changes:
        return False
    wanted = changes["minimum_acr"]
    return wanted in {None, *LEVELS} and LEVELS.index(wanted or PWD) < LEVELS.index(present or PWD)


def _reset_factor(connection: Connection, arguments: Mapping[str, Any], doing: Doing) -> Outcome:
    return asdict(
        reset_factor(
            connection,
            account_id=arguments["account_id"],
            reference=doing.reference,
            actor=doing.actor,
            entropy=doing.entropy,
            now=doing.now,
        )
    )


def _reset_factor_at_desk(connection: Connection, arguments: Mapping[str, Any], doing: Doing) -> Outcome:
    """For a customer only, and not for whoever approves: the account may have become another's since."""
    approver = doing.actor.removeprefix("account:")
    account = served_account(connection, account_id=arguments["account_id"], agent_id=approver)
    return _reset_factor(connection, {"account_id": account.id}, doing)


def _weaken_client(connection: Connection, arguments: Mapping[str, Any], doing: Doing) -> Outcome:
    update_client(
        connection,
        client_id=arguments["client_id"],
        changes=arguments["changes"],
        actor=doing.actor,
        entropy=doing.entropy,
        now=doing.now,
    )
    return {"changed": sorted(arguments["changes"])}


def _destroy_key(connection: Connection, arguments: Mapping[str, Any], doing: Doing) -> Outcome:
    destroy_key(connection, kid=arguments["kid"], actor=doing.actor, entropy=doing.entropy, now=doing.now)
    return {"kid": arguments["kid"]}


def _override_pick_up(connection: Connection, arguments: Mapping[str, Any], doing: Doing) -> Outcome:
    override_pick_up(connection, kid=arguments["kid"], actor=doing.actor, entropy=doing.entropy, now=doing.now)
    return {"kid": arguments["kid"]}


_RUNS: Mapping[TwoPersonAct, Run] = {
    TwoPersonAct.RESET_FACTOR: _reset_factor,
    TwoPersonAct.RESET_FACTOR_AT_DESK: _reset_factor_at_desk,
    TwoPersonAct.WEAKEN_CLIENT: _weaken_client,
    TwoPersonAct.DESTROY_KEY: _destroy_key,
    TwoPersonAct.OVERRIDE_PICK_UP: _override_pick_up,
}
