"""Which second factor a recovery still owes, and the note that one was shown.

Invariant: whoever can read the mailbox alone sets no password of an account that has a second factor (OWASP ASVS
6.4.3; NIST SP 800-63B-4 §4.2). It is asked by every page, and once more in the transaction that stores the password:
a factor that was added meanwhile is owed, and one that was removed meanwhile pays for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import FactorFacts, list_factors
from idp.mfa.policy import Way
from idp.mfa.verified import Verified
from idp.passwords.recoveries import OpenRecovery, Purpose, note_factor_proved
from idp.storage.handles import Entropy


class SecondFactorDue(Exception):
    """The account has a second factor, and this recovery has not shown it."""


def owed_factors(connection: Connection, recovery: OpenRecovery, *, hold: bool = False) -> Sequence[FactorFacts]:
    """Give the factors of which one is still to be shown; none, when it was, or when the account has no factor.

    With `hold`, none of them goes before this transaction ends.
    """
    if recovery.account_id is None:
        return ()
    factors = list_factors(connection, account_id=recovery.account_id, hold=hold)
    return () if _is_paid(recovery, factors) else factors


def note_shown(
    connection: Connection,
    recovery: OpenRecovery,
    verified: Verified,
    *,
    pass_digest: bytes,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> None:
    """Note what was verified beside the pass, in the transaction that used it up.

    Raises:
        RecoveryUnknown: the pass was used, made void, is over, or is for another account.
    """
    note_factor_proved(
        connection,
        recovery_id=recovery.id,
        pass_digest=pass_digest,
        account_id=verified.account_id,
        way=verified.way.value,
        factor_id=verified.factor_id,
        now=now,
    )
    event = Event(
        type=EventType.RECOVERY_PROVED,
        at=now,
        actor="anonymous",
        account_id=verified.account_id,
        reference=visitor.reference,
        details={"purpose": Purpose.PASSWORD.value, "by": verified.way.value},
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)


def _is_paid(recovery: OpenRecovery, factors: Sequence[FactorFacts]) -> bool:
    if recovery.factor_proved_at is None:
        return False
    return recovery.factor_way == Way.RECOVERY_CODE.value or recovery.factor_id in {factor.id for factor in factors}
