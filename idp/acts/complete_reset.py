"""Somebody who has proved a recovery gives the account a new password; the recovery is used up by it.

Nobody is signed in by this, and no factor goes: what the next sign-in needs is decided where it always is, and browsers
that saved showing a second factor are forgotten. An account that has one at this very moment gets no new password from
a recovery that has not shown it (T21; Keycloak CVE-2026-18963 was such a reset).
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.accounts.policy import Status
from idp.accounts.recovered import note_recovered
from idp.acts.end_sessions import end_sessions_of_account_and_tell
from idp.acts.new_password import NewPassword, store_new_password
from idp.acts.recovery_factor import SecondFactorDue, is_owed
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.lockout.take import forget_guesses
from idp.mfa.factors import list_factors
from idp.mfa.remembered import forget_remembered
from idp.passwords.credentials import find_credential
from idp.passwords.recoveries import OpenRecovery, Purpose, RecoveryUnknown, end_with_pass, find_open, hold_recoveries
from idp.storage.handles import Entropy


def complete_reset(
    connection: Connection,
    *,
    recovery_id: str,
    pass_digest: bytes,
    new: NewPassword,
    sign_out: bool,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> AccountFacts:
    """Store the new password, and give the account. `sign_out` ends every session and grant.

    A password that others may know (`compromised_at`) never leaves sessions behind, whatever was ticked.

    Raises:
        RecoveryUnknown: the pass was used, made void, is over, or the account may not sign in any more.
        SecondFactorDue: the account has a second factor that was not shown; leave the transaction, the pass stays.
    """
    recovery = _used_up(connection, recovery_id=recovery_id, pass_digest=pass_digest, now=now)
    account = find_by_id(connection, account_id=recovery.account_id or "")
    if recovery.purpose is not Purpose.PASSWORD or account is None or account.status != Status.ACTIVE.value:
        raise RecoveryUnknown(recovery_id)
    credential = find_credential(connection, account_id=account.id)
    everywhere = sign_out or credential is None or credential.compromised_at is not None
    store_new_password(connection, new, account_id=account.id, keep_sign_ins=not everywhere, now=now)
    note_recovered(connection, account_id=account.id, now=now)
    forget_guesses(connection, account_id=account.id)
    forget_remembered(connection, account_id=account.id)
    ended = None
    if everywhere:
        ended = end_sessions_of_account_and_tell(connection, account_id=account.id, entropy=entropy, now=now)
    event = Event(
        type=EventType.PASSWORD_RESET,
        at=now,
        actor=f"account:{account.id}",
        account_id=account.id,
        reference=visitor.reference,
        details={
            "signed_out": everywhere,
            "sessions_ended": len(ended.sids) if ended else 0,
            "second_factor": recovery.factor_way or "none",
        },
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
    tell_owner(
        connection, notice=Notice.PASSWORD_RESET, account_id=account.id, visitor=visitor, entropy=entropy, now=now
    )
    return account


def _used_up(connection: Connection, *, recovery_id: str, pass_digest: bytes, now: float) -> OpenRecovery:
    """Use the pass up, with the account's factors held first: in this order they are held where one is shown, too."""
    found = find_open(connection, recovery_id=recovery_id, now=now)
    factors = list_factors(connection, account_id=found.account_id or "", hold=True)
    hold_recoveries(connection, account_id=found.account_id or "")
    recovery = end_with_pass(connection, recovery_id=recovery_id, pass_digest=pass_digest, now=now)
    if is_owed(recovery, factors):
        raise SecondFactorDue(recovery_id)
    return recovery
