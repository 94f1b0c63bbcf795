"""The code by which a caller proves to support who they are: eight digits, and the tag under which it is stored.

Digits are told apart on the telephone in every language. An account's five guesses an hour never find one of a hundred
million; the tag is keyed, since so short a code could be searched for behind a plain hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.storage.call_rows import CallCodeUnknown, arm_call_code
from idp.storage.handles import Entropy
from keys.mac import MacKey

LETTER = "call_code"
LENGTH = 8
_DRAWN = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedCode:
    """A call code that is about to be mailed to the account's own address."""

    account: AccountFacts
    address: str
    code: str = field(repr=False)


def new_call_code(entropy: Entropy) -> str:
    """Make a code; drawn from far more bits than it has, each is as likely as any other."""
    return f"{int.from_bytes(entropy(_DRAWN), 'big') % 10**LENGTH:0{LENGTH}}"


def spoken(code: str) -> str:
    """Give a code as it is shown and read aloud: in two halves."""
    return f"{code[: LENGTH // 2]} {code[LENGTH // 2 :]}"


def heard(typed: str) -> str:
    """Give the code that was meant by what an agent typed: with or without spaces and dashes."""
    return "".join(char for char in typed[:64] if char in "0123456789")


def call_code_tag(key: MacKey, *, account_id: str, code_id: str, code: str) -> bytes:
    """Give the tag under which the code of one call is stored."""
    return key.tag(b"call code", account_id.encode(), code_id.encode(), code.encode())


def armed_code(
    connection: Connection, key: MacKey, *, account_id: str, code_id: str, address: str, entropy: Entropy, now: float
) -> ArmedCode | None:
    """Make the code whose mail is about to be sent; None when nobody waits for it, or the address is another now."""
    account = find_by_id(connection, account_id=account_id)
    if account is None or not account.email_verified or account.email != address:
        return None
    code = new_call_code(entropy)
    tag = call_code_tag(key, account_id=account_id, code_id=code_id, code=code)
    try:
        arm_call_code(connection, account_id=account_id, code_id=code_id, code_tag=tag, now=now)
    except CallCodeUnknown:
        return None
    return ArmedCode(account=account, address=address, code=code)
