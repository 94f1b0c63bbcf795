"""Take every second factor from an account whose owner has lost them all: an operator's act, after proofing elsewhere.

Invariant: whoever was signed in is signed out, with every token: if the caller was not the owner after all, the owner
hears of it at every address, and nothing goes on unnoticed (ASVS 6.4.4; NIST SP 800-63B-4 §4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.acts.end_sessions import end_sessions_of_account_and_tell
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import remove_all_factors
from idp.mfa.recovery_codes import forget_codes
from idp.mfa.remembered import forget_remembered
from idp.mfa.texted_codes import forget_texts
from idp.passwords.credentials import require_longer
from idp.storage.handles import Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsReset:
    """How much ended: factors, recovery codes (spent ones included), sessions and grants."""

    factors: int
    codes: int
    sessions: int
    grants: int


def reset_factor(
    connection: Connection, *, account_id: str, reference: str, actor: str, entropy: Entropy, now: float
) -> FactorsReset:
    """Remove every factor and recovery code, and sign the account out everywhere.

    `reference` is the number under which support finds this again; the owner's mail names it, too.
    """
    removed = remove_all_factors(connection, account_id=account_id)
    require_longer(connection, account_id=account_id)
    codes = forget_codes(connection, account_id=account_id)
    forget_texts(connection, account_id=account_id)
    forget_remembered(connection, account_id=account_id)
    ended = end_sessions_of_account_and_tell(connection, account_id=account_id, entropy=entropy, now=now)
    reset = FactorsReset(factors=len(removed), codes=codes, sessions=len(ended.sids), grants=ended.grants)
    event = Event(
        type=EventType.FACTORS_RESET,
        at=now,
        actor=actor,
        account_id=account_id,
        reference=reference,
        details={
            "kinds": sorted(factor.kind.value for factor in removed),
            "codes": reset.codes,
            "sessions": reset.sessions,
            "grants": reset.grants,
        },
    )
    record(connection, event, entropy=entropy)
    nobody = Visitor(address="", user_agent=None, reference=reference)
    notice = Notice.FACTORS_RESET
    tell_owner(connection, notice=notice, account_id=account_id, visitor=nobody, entropy=entropy, now=now)
    return reset
