"""What may be shared, with whom and for how long: pure rules.

A guest may look, or pay what is due; never change payees, bank or contact data. Every share has an end, and either side
may end it before.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from idp.accounts.contract_policy import Permission

DAY: Final = 86_400.0
SHORTEST_SECONDS: Final = DAY
LONGEST_SECONDS: Final = 366 * DAY
OFFER_SECONDS: Final = 14 * DAY
"""How long an offer waits to be accepted."""
REMINDER_SECONDS: Final = 7 * DAY
"""How long before the end both sides are reminded of it."""
MOST_OPEN: Final = 10
"""So many offers and shares one party may have open at one contract."""
SHARED: Final = (Permission.VIEW, Permission.PAY)
"""What can be shared at all."""


class EndedBy(StrEnum):
    """Who or what ended a share."""

    GIVER = "giver"
    DELEGATE = "delegate"
    LENDER = "lender"
    TIME = "time"
    CLOSED = "closed"


class DelegationRefused(ValueError):
    """It can't be shared like this; `field` is what to mend on the page."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(reason)
        self.field = field


def require_shareable(permission: str, *, until: float, now: float) -> Permission:
    """Give what is shared.

    Raises:
        DelegationRefused: nothing that can be shared, or no end within a year.
    """
    if permission not in SHARED:
        raise DelegationRefused("nothing that can be shared", "permission")
    if not SHORTEST_SECONDS <= until - now <= LONGEST_SECONDS:
        raise DelegationRefused("the end must be a day away at least, and a year at most", "until")
    return Permission(permission)
