"""What goes with every change of an account's factors: a line in the audit trail, and a mail to the owner.

Browsers in which a factor was remembered are forgotten, since what they vouched for is another set now.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import FactorFacts
from idp.mfa.remembered import forget_remembered
from idp.storage.handles import Entropy


def note_added(connection: Connection, factor: FactorFacts, *, visitor: Visitor, entropy: Entropy, now: float) -> None:
    """Note that a factor was added, in the transaction that adds it."""
    _note(connection, factor, EventType.FACTOR_ADDED, visitor=visitor, entropy=entropy, now=now)
    _tell(connection, factor, Notice.FACTOR_ADDED, {}, visitor=visitor, entropy=entropy, now=now)


def note_removed(
    connection: Connection, factor: FactorFacts, *, last: bool, visitor: Visitor, entropy: Entropy, now: float
) -> None:
    """Note that a factor was removed, in the transaction that removes it; `last` says that none is left."""
    _note(connection, factor, EventType.FACTOR_REMOVED, visitor=visitor, entropy=entropy, now=now)
    words = {"last": int(last)}
    _tell(connection, factor, Notice.FACTOR_REMOVED, words, visitor=visitor, entropy=entropy, now=now)


def _note(
    connection: Connection, factor: FactorFacts, type: EventType, *, visitor: Visitor, entropy: Entropy, now: float
) -> None:
    forget_remembered(connection, account_id=factor.account_id)
    event = Event(
        type=type,
        at=now,
        actor=f"account:{factor.account_id}",
        account_id=factor.account_id,
        reference=visitor.reference,
        details={"kind": factor.kind.value, "factor": factor.id},
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)


def _tell(
    connection: Connection,
    factor: FactorFacts,
    notice: Notice,
    words: dict[str, int],
    *,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> None:
    tell_owner(
        connection,
        notice=notice,
        account_id=factor.account_id,
        visitor=visitor,
        entropy=entropy,
        now=now,
        words={"kind": factor.kind.value, "factor": factor.name, **words},
    )
