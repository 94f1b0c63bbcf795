"""An operator opens an account to guesses again: after a pause, or where only this and recovery do.

What the owner locked down, and what was disabled, stays so: those are other acts.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.lockout.take import forget_guesses
from idp.storage.handles import Entropy


def let_guess_again(
    connection: Connection,
    *,
    account_id: str,
    reference: str | None = None,
    actor: str,
    entropy: Entropy,
    now: float,
) -> None:
    """Forget the failures of an account, in the browsers that it is known in and in all others."""
    forget_guesses(connection, account_id=account_id)
    event = Event(
        type=EventType.ACCOUNT_UNLOCKED,
        at=now,
        actor=actor,
        account_id=account_id,
        reference=reference,
        details={"what": "guesses"},
    )
    record(connection, event, entropy=entropy)
