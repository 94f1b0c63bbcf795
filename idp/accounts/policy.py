"""What may be written about an account: pure rules, each with the sentence that an operator reads when it refuses.

Only claims of OpenID Connect Core §5.1 that have no column of their own go into the account's claims document, each
as a short string; `address` is an object of such strings (§5.1.1).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

TEXT_CLAIMS = frozenset({
    "name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website", "gender",
    "birthdate", "zoneinfo",
})  # fmt: skip
ADDRESS_MEMBERS = ("formatted", "street_address", "locality", "region", "postal_code", "country")
MAX_CLAIM_LENGTH = 2048
MAX_LOCALE_LENGTH = 35
SHORTEST_MASKED = 3

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\Z")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")


class Kind(StrEnum):
    """Whom the account stands for; staff have shorter sessions."""

    CONSUMER = "consumer"
    BUSINESS = "business"
    STAFF = "staff"


class StaffRole(StrEnum):
    """What a member of staff is there for; what each may do stands in `idp/staff/roles.py`."""

    SECURITY = "security"
    SUPPORT = "support"
    AUDITOR = "auditor"


class Status(StrEnum):
    """Whether the person may sign in; a closed account never comes back."""

    ACTIVE = "active"
    DISABLED = "disabled"
    CLOSED = "closed"


class AccountRefused(ValueError):
    """What should be written about an account is not acceptable; `faults` has a sentence for each reason."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def name_faults(*, user_id: str, email: str | None, phone_number: str | None, locale: str | None) -> Iterator[str]:
    """Yield a sentence for each fault of the names by which a person is found and reached."""
    if user_id != user_id.strip() or _INVISIBLE_CATEGORIES & set(map(unicodedata.category, user_id)):
        yield "a user ID has no surrounding space and no control or invisible characters"
    if email is not None and not (_EMAIL.match(email) and _plain(email)):
        yield "an e-mail address has one @ and no spaces"
    if phone_number is not None and not _PHONE.match(phone_number):
        yield "a phone number is written as E.164: + and 7 to 15 digits"
    if locale is not None and not (_LOCALE.match(locale) and len(locale) <= MAX_LOCALE_LENGTH):
        yield "a locale is a language tag of BCP 47"


def claim_faults(claims: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each claim that the document of an account cannot hold."""
    for name, value in claims.items():
        if name == "address":
            yield from _address_faults(value)
        elif name not in TEXT_CLAIMS:
            yield f"{name} is not a standard claim that is kept in the document"
        elif not _short_text(value):
            yield f"{name} must be a short text without control characters"


def _address_faults(address: object) -> Iterator[str]:
    if not isinstance(address, Mapping):
        yield "address must be an object (OpenID Connect Core §5.1.1)"
        return
    for member, value in address.items():
        if member not in ADDRESS_MEMBERS:
            yield f"address has no member {member}"
        elif not _short_text(value, lines=True):
            yield f"address {member} must be a short text without control characters"


def _short_text(value: object, *, lines: bool = False) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CLAIM_LENGTH:
        return False
    return _plain(value.replace("\n", "") if lines else value)


def _plain(text: str) -> bool:
    """Whether nothing in the text steers a terminal, a header or the direction of writing; names may hold joiners."""
    return not _STEERING.search(text)


def masked(user_id: str) -> str:
    """Give a user ID so that only its owner recognises it; how long it is stays unsaid."""
    return f"{user_id[:1]}••••{user_id[-1:] if len(user_id) > SHORTEST_MASKED else ''}"


def masked_address(address: str) -> str:
    """Give an e-mail address so that only its owner recognises it, to be said on the telephone."""
    local, _, host = address.rpartition("@")
    return f"{masked(local)}@{masked(host)}"
