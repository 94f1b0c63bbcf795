"""Tell the owner of an account what happened to it, by mail, in the transaction in which it happens.

Every notice says who did it, from where and when. It goes to each address that the account has, confirmed or not: an
owner who hears nothing cannot object (NIST SP 800-63B-4 §4.6, OWASP ASVS 6.3.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.acts.browser_name import browser_name
from idp.acts.visitor import Visitor
from idp.delivery.outbox import enqueue
from idp.storage.handles import Entropy
from idp.wording import negotiate

WORTH_SECONDS = 86_400.0


class Notice(StrEnum):
    """What owners are told; each has its letter in templates/email."""

    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET = "password_reset"
    PASSWORD_COMPROMISED = "password_compromised"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTORS_RESET = "factors_reset"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    RECOVERY_CODE_USED = "recovery_code_used"
    LOCKED = "locked"
    EMAIL_CHANGED = "email_changed"
    NEW_DEVICE = "new_device"
    NEW_DEVICES = "new_devices"
    LOCKED_DOWN = "locked_down"
    ACCOUNT_CLOSING = "account_closing"
    ACCOUNT_KEPT = "account_kept"
    ACCOUNT_CLOSED = "account_closed"
    SHARE_BEGUN = "share_begun"
    SHARE_ENDING = "share_ending"
    SHARE_ENDED = "share_ended"
    STAFF_INVITED = "staff_invited"
    BROKEN_GLASS = "broken_glass"
    DESK_ACTED = "desk_acted"


def tell_owner(
    connection: Connection,
    *,
    notice: Notice,
    account_id: str,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
    words: Mapping[str, str | int] | None = None,
    also: Iterable[str] = (),
) -> None:
    """Put the notice into the outbox; `words` are what its letter names beside the usual.

    `also` are addresses that were the account's until now.
    """
    account = find_by_id(connection, account_id=account_id)
    if account is None:
        return
    for address in dict.fromkeys([*addresses_of(account), *also]):
        enqueue(
            connection,
            kind=notice.value,
            recipient=address,
            language=negotiate(account_locale=account.locale),
            payload={"account_id": account_id, "asked": asked_by(visitor, now=now), "words": dict(words or {})},
            worth_seconds=WORTH_SECONDS,
            entropy=entropy,
            now=now,
        )


def addresses_of(account: AccountFacts) -> list[str]:
    """Give every address of an account."""
    return [account.email] if account.email else []


def asked_by(visitor: Visitor, *, now: float) -> dict[str, Any]:
    """Describe who acts, for the letter: when, from which network address, with which browser."""
    name = browser_name(visitor.user_agent)
    return {
        "at": now,
        "address": visitor.address,
        "browser": name.browser,
        "system": name.system,
        "reference": visitor.reference,
    }
