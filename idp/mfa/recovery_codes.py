"""Recovery codes: ten of them, for whoever has lost what they sign in with; each is spent once.

Invariant: a code is shown when it is made and never again; what is stored is a keyed hash that is bound to the account
(80 random bits and a key: no copy of the database opens anything). Of all who present a code at once, one spends it;
a new set makes the old one void (ASVS 6.5.1, 6.5.2, 6.5.4; NIST SP 800-63B-4 §3.1.2).
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from idp.mfa.models import RECOVERY_CODES
from idp.mfa.seal import MacKey
from idp.mfa.verified import AnswerUsed, WrongAnswer
from idp.storage.handles import Entropy

COUNT = 10
REMINDER_AT = 2
"""With so few left, people are told to make new ones."""

# Crockford's base32: no I, L, O or U, so that what is read aloud or by a tired eye can be meant in one way only.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_GROUP = 4
_BYTES = LENGTH * 5 // 8
_MEANT = str.maketrans("OIL", "011", " -")
_LONGEST = 64
_C = RECOVERY_CODES.c


def replace_codes(
    connection: Connection, key: MacKey, *, account_id: str, entropy: Entropy, now: float
) -> tuple[str, ...]:
    """Make a new set in place of the old one, and give it as people write it: this is the only time that it is seen."""
    codes = tuple(_new_code(entropy) for _ in range(COUNT))
    forget_codes(connection, account_id=account_id)
    rows = [
        {"account_id": account_id, "tag": _tag(key, account_id, code), "created_at": now, "spent_at": None}
        for code in codes
    ]
    connection.execute(insert(RECOVERY_CODES), rows)
    return tuple(_written(code) for code in codes)


def use_code(connection: Connection, key: MacKey, *, account_id: str, typed: str, now: float) -> int:
    """Spend a code, in the transaction of what it pays for; gives how many are left.

    Raises:
        WrongAnswer: the account has no such code.
        AnswerUsed: it had, and it was spent.
    """
    mine = (_C.account_id == account_id) & (_C.tag == _tag(key, account_id, _meant(typed)))
    spent = connection.execute(update(RECOVERY_CODES).where(mine, _C.spent_at.is_(None)).values(spent_at=now))
    if spent.rowcount != 1:
        known = connection.execute(select(_C.tag).where(mine)).first()
        raise WrongAnswer("no such recovery code") if known is None else AnswerUsed("the recovery code was spent")
    return codes_left(connection, account_id=account_id)


def codes_left(connection: Connection, *, account_id: str) -> int:
    """Count the codes of an account that are not spent."""
    unspent = select(func.count()).where(_C.account_id == account_id, _C.spent_at.is_(None))
    return int(connection.execute(unspent).scalar_one())


def forget_codes(connection: Connection, *, account_id: str) -> int:
    """Make every code of an account void; gives how many there were, spent or not."""
    return connection.execute(delete(RECOVERY_CODES).where(_C.account_id == account_id)).rowcount


def _new_code(entropy: Entropy) -> str:
    number = int.from_bytes(entropy(_BYTES), "big")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def _written(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def _meant(typed: str) -> str:
    """Read a code as it was meant: in any case, with or without dashes and blanks, O for 0, I and L for 1."""
    if len(typed) > _LONGEST or not typed.isascii():
        raise WrongAnswer("not a recovery code")
    code = typed.upper().translate(_MEANT)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        raise WrongAnswer("not a recovery code")
    return code


def _tag(key: MacKey, account_id: str, code: str) -> bytes:
    return key.tag(b"recovery code of a second factor", account_id.encode(), code.encode())
