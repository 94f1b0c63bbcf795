"""What keeps an account's guesses from being looked at, and until when: for support, who explains it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select

from idp.lockout.keys import account_key, device_key_in_sql, for_recovery
from idp.lockout.models import COUNTERS, KNOWN
from idp.lockout.policy import BUDGETS, STOP_AFTER, GuessKind

_C = COUNTERS.c


class Where(StrEnum):
    """Which guesses rest."""

    UNKNOWN_BROWSERS = "unknown_browsers"
    KNOWN_BROWSER = "known_browser"
    SECOND_FACTOR = "second_factor"
    RECOVERY_CODE = "recovery_code"
    CALL_CODE = "call_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Guesses that are not looked at until an instant; None where only a new password or an operator helps."""

    where: Where
    failures: int
    until: float | None


def rests_of(connection: Connection, *, account_id: str, now: float) -> list[Rest]:
    """Give everything that rests for an account at this moment."""
    own = account_key(account_id)
    kinds = {
        for_recovery(own, GuessKind.FACTOR): (Where.SECOND_FACTOR, GuessKind.FACTOR),
        for_recovery(own, GuessKind.CODE): (Where.RECOVERY_CODE, GuessKind.CODE),
        for_recovery(own, GuessKind.CALL_CODE): (Where.CALL_CODE, GuessKind.CALL_CODE),
        own: (Where.UNKNOWN_BROWSERS, GuessKind.IDENTIFIER),
    }
    devices = select(device_key_in_sql(KNOWN.c.id)).where(KNOWN.c.account_id == account_id)
    rows = connection.execute(
        select(_C.key, _C.failures, _C.consecutive, _C.exhausted_at)
        .where(_C.key.in_(list(kinds)) | _C.key.in_(devices))
        .order_by(_C.key)
    )
    found = []
    for row in rows:
        where, kind = kinds.get(row.key, (Where.KNOWN_BROWSER, GuessKind.IDENTIFIER))
        until = None if row.exhausted_at is None else row.exhausted_at + BUDGETS[kind].seconds
        if row.consecutive >= STOP_AFTER:
            found.append(Rest(where=where, failures=row.consecutive, until=None))
        elif until is not None and until > now:
            found.append(Rest(where=where, failures=row.failures, until=until))
    return found
