"""An account as the support desk shows it: next to nothing before the caller is verified, and never a whole value.

Personal values are masked; one is given whole only to whoever reveals it, which is written down with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.policy import Status, masked, masked_address
from idp.audit.activity import recent_events
from idp.audit.browse import Wanted, latest_events
from idp.audit.events import EventType, RecordedEvent
from idp.audit.read import events_by_reference
from idp.lockout.rests import Rest, Where, rests_of
from idp.mfa.factors import list_factors
from idp.mfa.phone_numbers import masked_number
from idp.mfa.recovery_codes import codes_left
from idp.passwords.credentials import Credential, find_credential
from idp.sessions.listing import sessions_of

MOST_EVENTS: Final = 50


class Value(StrEnum):
    """The personal values that can be revealed, by the names of their fields."""

    USER_ID = "user_id"
    NAME = "name"
    EMAIL = "email"
    PHONE_NUMBER = "phone_number"


class Lock(StrEnum):
    """Why somebody does not get in; each has words for the agent and words to read aloud."""

    SUSPENDED = "suspended"
    LOCKED_DOWN = "locked_down"
    COMPROMISED = "compromised"
    MUST_CHANGE = "must_change"
    STOPPED = "stopped"
    RESTS = "rests"
    CODES_REST = "codes_rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One lock, since when or until when it holds (instants), as far as that is known."""

    lock: Lock
    where: str | None = None
    since: float | None = None
    until: float | None = None


def value_of(account: AccountFacts, value: Value) -> str | None:
    """Give a personal value whole."""
    whole = account.claims.get("name") if value is Value.NAME else getattr(account, value.value)
    return str(whole) if whole else None


def masked_values(account: AccountFacts) -> dict[str, str]:
    """Give the personal values that an account has, each so that only its owner recognises it."""
    mask = {Value.EMAIL: masked_address, Value.PHONE_NUMBER: masked_number}
    known = ((value, value_of(account, value)) for value in Value)
    return {value.value: mask.get(value, masked)(whole) for value, whole in known if whole}


def before_verification(account: AccountFacts) -> dict[str, Any]:
    """Give what an agent sees before the caller is verified."""
    can_mail = account.email is not None and account.email_verified
    address = masked_address(account.email) if can_mail and account.email else None
    return {"status": account.status, "mail_to": address}


def whole_account(connection: Connection, account: AccountFacts, *, reference: str, now: float) -> dict[str, Any]:
    """Give the rest: locks, sign-in methods by kind, the last sign-in, and events (those of `reference`, if given)."""
    factors = list_factors(connection, account_id=account.id)
    credential = find_credential(connection, account_id=account.id)
    signed_in = recent_events(connection, account_id=account.id, types={EventType.SIGN_IN_SUCCEEDED}, count=1)
    return {
        "values": masked_values(account),
        "locks": _locks(account, credential, rests_of(connection, account_id=account.id, now=now)),
        "last_sign_in": signed_in[0].at if signed_in else None,
        "password": credential is not None,
        "factors": sorted(factor.kind.value for factor in factors),
        "codes_left": codes_left(connection, account_id=account.id) if factors else None,
        "sessions": len(sessions_of(connection, account_id=account.id, now=now)),
        "events": _events(connection, account, reference),
    }


def _events(connection: Connection, account: AccountFacts, reference: str) -> list[RecordedEvent]:
    """Give the latest first; what stands under a number but is about somebody else is not this caller's business."""
    if reference:
        found = events_by_reference(connection, reference=reference)
        return [event for event in found if event.account_id == account.id][-MOST_EVENTS:][::-1]
    return latest_events(connection, Wanted(account_id=account.id), count=MOST_EVENTS)[::-1]


def _locks(account: AccountFacts, credential: Credential | None, rests: list[Rest]) -> list[Held]:
    held = []
    if account.status == Status.DISABLED.value:
        held.append(Held(lock=Lock.SUSPENDED))
    if account.locked_down_at is not None:
        held.append(Held(lock=Lock.LOCKED_DOWN, since=account.locked_down_at))
    if credential and credential.compromised_at is not None:
        held.append(Held(lock=Lock.COMPROMISED, since=credential.compromised_at))
    elif credential and credential.must_change:
        held.append(Held(lock=Lock.MUST_CHANGE))
    return [*held, *map(_of_guesses, rests)]


def _of_guesses(rest: Rest) -> Held:
    if rest.until is None:
        return Held(lock=Lock.STOPPED, where=rest.where.value)
    passwords = rest.where in {Where.UNKNOWN_BROWSERS, Where.KNOWN_BROWSER}
    lock = Lock.RESTS if passwords else Lock.CODES_REST
    return Held(lock=lock, where=rest.where.value, until=rest.until)
