"""Take one from a budget of its own: a code's guesses, a mailbox's mails, the recoveries that a network may begin.

As everywhere here, taking comes first: a guess is counted before it is checked, and given back when it was right.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, String, bindparam, delete, null, select, update
from sqlalchemy.sql.dml import ReturningInsert

from idp.lockout.keys import account_key, device_key_in_sql, for_recovery
from idp.lockout.models import COUNTERS, KNOWN
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.lockout.statements import count, rests_until

_C = COUNTERS.c


def take(connection: Connection, *, kind: GuessKind, key: str, now: float) -> float:
    """Count one under `key`; gives since when is counted, for `put_back`.

    Raises:
        TooManyGuesses: the budget is used up; nothing was counted.
    """
    own_key = for_recovery(key, kind)
    counted = connection.execute(_count(connection.dialect.name, kind), {"key": own_key, "now": now}).one_or_none()
    if counted is not None:
        return float(counted.window_started)
    ends_at = connection.execute(select(rests_until(kind, bindparam("key"))), {"key": own_key}).scalar_one()
    raise TooManyGuesses(kind, ends_at or now)


def put_back(connection: Connection, *, kind: GuessKind, key: str, window: float) -> None:
    """Take back what `take` counted: the guess was right."""
    connection.execute(
        update(COUNTERS)
        .where(_C.key == for_recovery(key, kind), _C.window_started == window, _C.failures > 0)
        .values(failures=_C.failures - 1, exhausted_at=null())
    )


def forget_guesses(connection: Connection, *, account_id: str) -> None:
    """Let an account that was recovered begin anew, in known browsers and all others; nothing else opens a hard stop.

    Its owner need not wait for what strangers have guessed. What was guessed at codes stays counted: whoever can read
    the mailbox must not refill the budget of the second factor by it.
    """
    devices = select(device_key_in_sql(KNOWN.c.id)).where(KNOWN.c.account_id == account_id)
    connection.execute(delete(COUNTERS).where((_C.key == account_key(account_id)) | _C.key.in_(devices)))


@cache
def _count(dialect: str, kind: GuessKind) -> ReturningInsert[Any]:
    return count(dialect, kind, bindparam("key", type_=String))
