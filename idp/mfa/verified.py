"""The one shape of every factor: what is begun gives a challenge, an answer is verified and gives this, or raises.

A challenge may be nothing (an authenticator app needs none), a text on its way, or bytes for a passkey to sign. What
`verify` gives is not a proof yet: the journey makes that from it, bound to itself, the account and the time.
"""

from __future__ import annotations

from dataclasses import dataclass

from idp.mfa.policy import Way


class FactorRefused(Exception):
    """The answer proves nothing; each kind of reason is a class of its own. The message is for the audit trail only."""


class WrongAnswer(FactorRefused):
    """The code or signature is not the right one, or not for this challenge."""


class AnswerUsed(FactorRefused):
    """The code was right and has been used before."""


class AnswerTooLate(FactorRefused):
    """The challenge is over, or there was none."""


class NoSuchFactor(FactorRefused):
    """The account has no such factor (any longer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was verified for which account: the way, and the factor's row (None for a recovery code)."""

    account_id: str
    way: Way
    factor_id: str | None = None
