"""Add an account for a person, with or without a first password."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.accounts.add import NewAccount, add_account
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.passwords.credentials import set_password
from idp.storage.handles import Entropy


def add_person(
    connection: Connection,
    new: NewAccount,
    *,
    stored_password: str | None,
    must_change: bool,
    actor: str,
    entropy: Entropy,
    now: float,
) -> str:
    """Add the account and give its id; `stored_password` is what the hasher gave, made before the transaction began.

    Raises:
        AccountRefused: something about it is not acceptable; every fault is named.
        IdentifierTaken: someone else answers to one of its names.
    """
    account_id = add_account(connection, new, now=now, entropy=entropy)
    if stored_password is not None:
        set_password(connection, account_id=account_id, stored=stored_password, must_change=must_change, now=now)
    event = Event(
        type=EventType.ACCOUNT_ADDED,
        at=now,
        actor=actor,
        account_id=account_id,
        details={"kind": new.kind.value, "password": stored_password is not None, "must_change": must_change},
    )
    record(connection, event, entropy=entropy)
    return account_id
