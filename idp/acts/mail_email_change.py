"""The code of a change of address: made right before it is mailed to the new one, and stored as a tag under a key."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.accounts.email_changes import EmailChangeUnknown, arm_change, find_change
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.accounts.policy import Status
from idp.acts.recovery_code import new_code
from idp.storage.handles import Entropy
from keys.mac import MacKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedChange:
    """A change whose code is about to be mailed to the new address."""

    account: AccountFacts
    address: str
    code: str = field(repr=False)


def change_tag(key: MacKey, *, change_id: str, code: str) -> bytes:
    """Give the tag under which the code of one change is stored."""
    return key.tag(b"email change code", change_id.encode(), code.encode())


def armed_change(
    connection: Connection, key: MacKey, *, change_id: str, entropy: Entropy, now: float
) -> ArmedChange | None:
    """Make the code for a change whose mail is about to be sent; None when nobody waits for it any more."""
    try:
        change = find_change(connection, change_id=change_id, now=now)
        account = find_by_id(connection, account_id=change.account_id)
        if account is None or account.status != Status.ACTIVE.value:
            return None
        code = new_code(entropy)
        arm_change(connection, change=change, code_tag=change_tag(key, change_id=change.id, code=code), now=now)
    except EmailChangeUnknown:
        return None
    return ArmedChange(account=account, address=change.address, code=code)
