"""What a passkey signs: a challenge that says by itself, under a MAC, what it is for, who may answer it and how long.

Nothing is stored when a page offers a passkey, so that no stranger fills a store by looking at pages. A challenge is
spent in SQL, in the transaction of what it pays for: neither an emptied cache nor a restart makes it good again (Web
Authentication §13.4.3; OWASP ASVS 6.7.2: unique, at least 64 bit; here 256).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from sqlalchemy import Connection

from idp.mfa.verified import AnswerTooLate, AnswerUsed, WrongAnswer
from idp.storage.handles import Entropy
from idp.storage.spent import AlreadySpent, spend

LIFE_SECONDS: Final = 300.0
_NONCE: Final = 32
_INSTANT: Final = 8
_TAG: Final = 32
_KIND: Final = "passkey_challenge"


class Purpose(StrEnum):
    """What an answer to a challenge does; one purpose's answer never serves for another's."""

    ENROL = "enrol"
    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"


class ChallengeMac(Protocol):
    """A keyed hash; the service's own has the purpose "proof.passkey"."""

    def tag(self, *parts: bytes) -> bytes:
        """Give 32 bytes that depend on the key and on every part."""

    def check(self, tag: bytes, /, *parts: bytes) -> None:
        """Raise unless this key, or an older version of it, made the tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a challenge is bound to: its purpose, the journey or session it stands in, and an account once there is one.

    `place` names a journey or a session, each in words of its own ("journey:ID", "session:SID").
    """

    purpose: Purpose
    place: str
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge of ours that is not over; `expires_at` in seconds."""

    value: bytes
    expires_at: float


class Challenges:
    """Makes challenges, and knows its own again."""

    def __init__(self, key: ChallengeMac, *, entropy: Entropy) -> None:
        self._key = key
        self._entropy = entropy

    def issue(self, bound: Bound, *, now: float) -> bytes:
        """Make a challenge that may be answered once within five minutes."""
        stamped = self._entropy(_NONCE) + int(now + LIFE_SECONDS).to_bytes(_INSTANT, "big")
        return stamped + self._key.tag(*_parts(bound, stamped))

    def check(self, value: bytes, bound: Bound, *, now: float) -> Challenge:
        """Give the challenge that was made for exactly this; `spend_challenge` decides whether it was used.

        Raises:
            WrongAnswer: it is not ours, or was made for something else.
            AnswerTooLate: its time is over.
        """
        stamped, tag = value[:-_TAG], value[-_TAG:]
        if len(stamped) != _NONCE + _INSTANT:
            raise WrongAnswer("challenge")
        try:
            self._key.check(tag, *_parts(bound, stamped))
        except Exception as error:
            raise WrongAnswer("challenge") from error
        expires_at = float(int.from_bytes(stamped[_NONCE:], "big"))
        if now >= expires_at:
            raise AnswerTooLate("challenge")
        return Challenge(value, expires_at)


def spend_challenge(connection: Connection, challenge: Challenge, *, now: float) -> None:
    """Use a challenge up, in the transaction of what it pays for.

    Raises:
        AnswerUsed: it was answered before.
    """
    try:
        spend(connection, kind=_KIND, artifact=challenge.value, expires_at=challenge.expires_at, now=now)
    except AlreadySpent as error:
        raise AnswerUsed("challenge") from error


def _parts(bound: Bound, stamped: bytes) -> tuple[bytes, ...]:
    return (b"passkey", bound.purpose.encode(), bound.place.encode(), bound.account_id.encode(), stamped)
