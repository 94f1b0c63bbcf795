"""Support starts a password reset: the ordinary mail goes to the verified address, and nobody else sees link or code.

Invariant: the recovery is nobody's browser's: it is proved by the code beside the link of the mail, and by nothing that
an agent could hold. A second factor is asked for as in every other recovery.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.policy import Status
from idp.acts.ask_recovery import LETTER
from idp.acts.desk_rules import DeskRefused, Why
from idp.acts.tell_owner import asked_by
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.delivery.outbox import enqueue
from idp.lockout.keys import account_key
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.lockout.take import take
from idp.passwords.credentials import find_credential
from idp.passwords.recoveries import UNSENT_SECONDS, Purpose, ask
from idp.storage.handles import Entropy, digest, new_handle, new_id
from idp.wording import negotiate


def start_reset(
    connection: Connection, account: AccountFacts, *, reference: str, actor: str, entropy: Entropy, now: float
) -> None:
    """Have the mail sent with which the owner chooses a new password.

    Raises:
        DeskRefused: nobody could be reached, nothing could be reset, or a mail went less than two minutes ago.
    """
    _require_resettable(connection, account)
    try:
        for kind in (GuessKind.MAIL, GuessKind.MAIL_OF_DAY):
            take(connection, kind=kind, key=account_key(account.id), now=now)
    except TooManyGuesses:
        raise DeskRefused(Why.MAILED_LATELY) from None
    recovery_id = new_id(entropy)
    ask(
        connection,
        recovery_id=recovery_id,
        purpose=Purpose.PASSWORD,
        account_id=account.id,
        address=None,
        journey_id=None,
        counter_key=account_key(account.id),
        # Of a handle that nobody keeps: no browser has asked.
        browser_digest=digest(new_handle(entropy)),
        now=now,
    )
    nobody = Visitor(address="", user_agent=None, reference=reference)
    enqueue(
        connection,
        kind=LETTER,
        recipient=None,
        language=negotiate(account_locale=account.locale),
        payload={"recovery_id": recovery_id, "asked": asked_by(nobody, now=now), "by_staff": True},
        worth_seconds=UNSENT_SECONDS,
        entropy=entropy,
        now=now,
    )
    event = Event(
        type=EventType.RECOVERY_ASKED,
        at=now,
        actor=actor,
        account_id=account.id,
        reference=reference,
        details={"purpose": Purpose.PASSWORD.value, "by": "support"},
    )
    record(connection, event, entropy=entropy)


def _require_resettable(connection: Connection, account: AccountFacts) -> None:
    if account.status != Status.ACTIVE.value:
        raise DeskRefused(Why.STOPPED)
    if account.email is None or not account.email_verified:
        raise DeskRefused(Why.NO_ADDRESS)
    if find_credential(connection, account_id=account.id) is None:
        raise DeskRefused(Why.NO_PASSWORD)
