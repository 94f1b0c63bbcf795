"""Who may do what in the console: one table. Who is missing from it may do nothing; auditors read, change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from idp.accounts.policy import StaffRole


class Action(StrEnum):
    """What can be done in the console; a new page or button gets its name here first."""

    SEE_OVERVIEW = "see_overview"
    SEE_KEYS = "see_keys"
    SEE_APPROVALS = "see_approvals"
    SEE_ATTACKS = "see_attacks"
    SEE_AUDIT = "see_audit"
    SEE_CLIENTS = "see_clients"
    ROTATE_KEY = "rotate_key"
    CANARY_KEY = "canary_key"
    COMPROMISE_KEY = "compromise_key"
    DRILL_KEY = "drill_key"
    REVIEW_INCIDENT = "review_incident"
    PROPOSE = "propose"
    DECIDE = "decide"
    DISABLE_CLIENT = "disable_client"
    SEE_DESK = "see_desk"
    VERIFY_CALLER = "verify_caller"
    REVEAL = "reveal"
    SERVE_CALLER = "serve_caller"
    DECIDE_AT_DESK = "decide_at_desk"


READING: Final = frozenset(action for action in Action if action.value.startswith("see_"))
DESK: Final = frozenset({Action.VERIFY_CALLER, Action.REVEAL, Action.SERVE_CALLER})
"""What a support agent does for a caller. Security engineers don't: who guards the keys is not on the telephone."""
MAY: Final[Mapping[StaffRole, frozenset[Action]]] = {
    StaffRole.SECURITY: frozenset(Action) - DESK,
    StaffRole.SUPPORT: frozenset({Action.SEE_OVERVIEW, Action.SEE_APPROVALS, Action.SEE_DESK, Action.DECIDE_AT_DESK})
    | DESK,
    StaffRole.AUDITOR: READING,
}


def may(role: str | None, action: Action) -> bool:
    """Whether a role includes an action; roles that nobody knows include nothing."""
    return action in MAY.get(StaffRole(role), frozenset()) if role in set(StaffRole) else False
