"""Verify what somebody typed as their second factor: a code of an app, a code by text, or a recovery code.

Invariant: the code is spent, the event recorded and whatever the caller makes of it done in one transaction, which a
guess was paid for before it began (`guess_factor.py`). A number or a place that a request names changes nothing: a code
by text is looked for where this account and this place have been sent one (T07, T26).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.acts.guess_factor import FactorGuesses
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import note_used
from idp.mfa.phone_numbers import SmsPolicy
from idp.mfa.policy import Way
from idp.mfa.recovery_codes import codes_left, use_code
from idp.mfa.texted_codes import find_text, use_text
from idp.mfa.totp import use_totp
from idp.mfa.verified import AnswerTooLate, NoSuchFactor, Verified
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from keys.mac import MacKey
from keys.sealing import Sealer

Then = Callable[[Connection, Verified], None]
"""What the caller makes of a right code, in the transaction in which it is spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    account_id: str
    way: Way
    place: str
    answer: str = field(repr=False)


class FactorVerifier:
    """Verifies typed codes for every page that takes one."""

    def __init__(
        self, database: Database, sealer: Sealer, key: MacKey, sms: SmsPolicy, *, clock: Clock, entropy: Entropy
    ) -> None:
        self._sealer = sealer
        self._key = key
        self._sms = sms
        self._entropy = entropy
        self._guesses = FactorGuesses(database, clock=clock, entropy=entropy)

    def verify(
        self, *, account_id: str, way: Way, answer: str, place: str, visitor: Visitor, then: Then | None = None
    ) -> Verified:
        """Verify a code that was typed at a place ("journey:ID", "recovery:ID", "session:SID"), and use it up.

        Raises:
            TooManyGuesses: nothing was checked.
            WrongAnswer, AnswerUsed, AnswerTooLate, NoSuchFactor: it proves nothing.
        """
        typed = _Typed(account_id=account_id, way=way, place=place, answer=answer)

        def right(connection: Connection, now: float) -> Verified:
            verified = self._verified(connection, typed, now)
            record(connection, _event(verified, visitor, now), entropy=self._entropy)
            if way is Way.RECOVERY_CODE:
                self._tell(connection, account_id, visitor, now)
            if then is not None:
                then(connection, verified)
            return verified

        return self._guesses.check(right, account_id=account_id, way=way, visitor=visitor)

    def _verified(self, connection: Connection, typed: _Typed, now: float) -> Verified:
        if typed.way is Way.TOTP:
            return use_totp(connection, self._sealer, account_id=typed.account_id, typed=typed.answer, now=now)
        if typed.way is Way.RECOVERY_CODE:
            use_code(connection, self._key, account_id=typed.account_id, typed=typed.answer, now=now)
            return Verified(account_id=typed.account_id, way=typed.way)
        if typed.way is Way.SMS and self._sms.enabled:
            return self._texted(connection, typed, now)
        raise NoSuchFactor(f"nobody types a code of {typed.way.value} here")

    def _texted(self, connection: Connection, typed: _Typed, now: float) -> Verified:
        account_id, place = typed.account_id, typed.place
        asked = find_text(connection, account_id=account_id, place=place)
        if asked is not None and asked.factor_id is not None:
            # The factor's row before the code's, as whoever removes one has it: no two wait for each other.
            note_used(connection, account_id=account_id, factor_id=asked.factor_id, now=now)
        sent = use_text(
            connection, self._key, account_id=account_id, place=place, typed=typed.answer, adding=False, now=now
        )
        if asked is None or sent.challenge_id != asked.challenge_id:
            raise AnswerTooLate("another code was asked for at this moment")
        return Verified(account_id=account_id, way=Way.SMS, factor_id=sent.factor_id)

    def _tell(self, connection: Connection, account_id: str, visitor: Visitor, now: float) -> None:
        tell_owner(
            connection,
            notice=Notice.RECOVERY_CODE_USED,
            account_id=account_id,
            visitor=visitor,
            entropy=self._entropy,
            now=now,
            words={"left": codes_left(connection, account_id=account_id)},
        )


def _event(verified: Verified, visitor: Visitor, now: float) -> Event:
    return Event(
        type=EventType.FACTOR_VERIFIED,
        at=now,
        actor=f"account:{verified.account_id}",
        account_id=verified.account_id,
        reference=visitor.reference,
        details={"kind": verified.way.value, "factor": verified.factor_id},
        personal=visitor.personal,
    )
