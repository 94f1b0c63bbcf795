"""Make a new set of recovery codes; the old one is void from then on, and the owner hears of it."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import list_factors
from idp.mfa.recovery_codes import forget_codes, replace_codes
from idp.mfa.seal import MacKey
from idp.mfa.verified import NoSuchFactor
from idp.storage.handles import Entropy


def renew_recovery_codes(
    connection: Connection, key: MacKey, *, account_id: str, visitor: Visitor, entropy: Entropy, now: float
) -> tuple[str, ...]:
    """Make ten codes and give them as people write them: the page that shows them is the only one that ever does.

    Raises:
        NoSuchFactor: the account has no factor that they could stand in for.
    """
    if not list_factors(connection, account_id=account_id, hold=True):
        raise NoSuchFactor("recovery codes stand in for a factor")
    replaced = forget_codes(connection, account_id=account_id) > 0
    codes = replace_codes(connection, key, account_id=account_id, entropy=entropy, now=now)
    event = Event(
        type=EventType.RECOVERY_CODES_RENEWED,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        reference=visitor.reference,
        details={"replaced": replaced},
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
    if replaced:
        notice = Notice.RECOVERY_CODES_RENEWED
        tell_owner(connection, notice=notice, account_id=account_id, visitor=visitor, entropy=entropy, now=now)
    return codes
