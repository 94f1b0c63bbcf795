"""Support has made sure who somebody is and which mailbox is theirs, and an operator writes that down.

For people whose address was changed by somebody else, or who have lost their mailbox. What was mailed before opens
nothing any more, and old and new address are told; a locked-down account stays locked until it is recovered.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.accounts.email_changes import is_taken, set_confirmed_address, void_changes
from idp.accounts.facts import AccountFacts
from idp.accounts.policy import AccountRefused
from idp.acts.change_email import AddressRefused, accepted_address
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.passwords.recoveries import void_recoveries
from idp.storage.handles import Entropy


def set_email(
    connection: Connection,
    *,
    account: AccountFacts,
    address: str,
    actor: str,
    reference: str,
    entropy: Entropy,
    now: float,
) -> None:
    """Give an account a confirmed address.

    Raises:
        AccountRefused: it is no plain address, or another account's user ID.
    """
    try:
        accepted = accepted_address(address)
    except AddressRefused as error:
        raise AccountRefused("the e-mail address is not one plain address") from error
    if is_taken(connection, address=accepted, account_id=account.id):
        raise AccountRefused("the e-mail address is the user ID of another account")
    void_changes(connection, account_id=account.id, now=now)
    void_recoveries(connection, account_id=account.id, now=now)
    set_confirmed_address(connection, account_id=account.id, address=accepted, now=now)
    event = Event(
        type=EventType.EMAIL_CHANGED, at=now, actor=actor, account_id=account.id, reference=reference, details={}
    )
    record(connection, event, entropy=entropy)
    tell_owner(
        connection,
        notice=Notice.EMAIL_CHANGED,
        account_id=account.id,
        visitor=Visitor(address="", user_agent=None, reference=reference),
        entropy=entropy,
        now=now,
        also=[account.email] if account.email else [],
    )
