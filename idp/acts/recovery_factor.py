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
from idp.mfa.policy import Factor, Way
from idp.mfa.recovery_codes import codes_left
from idp.mfa.verified import Verified
from idp.passwords.recoveries import OpenRecovery, Purpose, note_factor_proved
from idp.storage.handles import Entropy

_WAY_OF = {Factor.TOTP: Way.TOTP, Factor.PASSKEY: Way.PASSKEY, Factor.SMS: Way.SMS}


class SecondFactorDue(Exception):
    """The account has a second factor, and this recovery has not shown it."""


def owed_factors(connection: Connection, recovery: OpenRecovery) -> Sequence[FactorFacts]:
    """Give the factors of which one is still to be shown; none, when it was, or when the account has no factor."""
    factors = list_factors(connection, account_id=recovery.account_id or "")
    return factors if is_owed(recovery, factors) else ()


def is_owed(recovery: OpenRecovery, factors: Sequence[FactorFacts]) -> bool:
    """Whether a recovery still has to show a factor of an account that has these."""
    if not factors or recovery.factor_proved_at is None:
        return bool(factors)
    by_code = recovery.factor_way == Way.RECOVERY_CODE.value
    return not by_code and recovery.factor_id not in {factor.id for factor in factors}


def open_ways(connection: Connection, factors: Sequence[FactorFacts], *, texts: bool) -> list[Way]:
    """Give the ways to show one of these factors, each once; `texts` says whether codes go out by text.

    The one that was used last comes first: it is most likely at hand. A recovery code comes last, and stands there
    without any codes left too when nothing else does: its page says what to do then.
    """
    latest = sorted(factors, key=lambda factor: factor.last_used_at or factor.created_at, reverse=True)
    ways = [_WAY_OF[factor.kind] for factor in latest if texts or factor.kind != Factor.SMS]
    if not ways or codes_left(connection, account_id=factors[0].account_id):
        ways.append(Way.RECOVERY_CODE)
    return list(dict.fromkeys(ways))


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
