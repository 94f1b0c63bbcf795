"""Have a code sent by text: to a number that an account has, or to one that is being added.

Invariant: no text is sent in a request: a message goes into the outbox, and the code is made when it leaves. How many
texts an account, a number and a network can cause is bounded, and so are the countries and kinds of numbers (T45). To
verify, the number is the factor's own, whatever a request says (T26).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.delivery.outbox import enqueue
from idp.lockout.keys import account_key, address_key, number_key
from idp.lockout.policy import BUDGETS, GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.lockout.take import take
from idp.mfa.factors import FactorExists, FactorFacts, list_factors
from idp.mfa.phone_numbers import SmsPolicy, UnusableNumber, masked_number, usable_number
from idp.mfa.policy import Factor
from idp.mfa.texted_codes import UNSENT_SECONDS, ask_text
from idp.mfa.verified import NoSuchFactor
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from keys.mac import MacKey

TEXT = "code_by_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texted:
    """A code is on its way to `number` (masked); another may be asked for at `again_at` (an instant)."""

    number: str
    again_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    account_id: str
    place: str
    language: str
    visitor: Visitor = field(repr=False)


class TextDesk:
    """Takes questions for codes by text."""

    def __init__(
        self, database: Database, lookup: MacKey, policy: SmsPolicy, *, clock: Clock, entropy: Entropy
    ) -> None:
        self.policy = policy
        self._database = database
        self._lookup = lookup
        self._clock = clock
        self._entropy = entropy

    def text_owner(
        self, *, account_id: str, place: str, language: str, visitor: Visitor, factor_id: str | None = None
    ) -> Texted:
        """Have a code sent to a number that the account has: the one of this factor, else the one it used last.

        Raises:
            NoSuchFactor: it has none, texts are switched off, or are not sent to that number any more.
            TooManyGuesses: too many were asked for; `ends_at` is when another may be.
        """
        with self._database.reading() as connection:
            factor = self._number_of(connection, account_id, factor_id)
        asked = _Asked(account_id=account_id, place=place, language=language, visitor=visitor)
        return self._text(asked, factor.phone_number or "", factor.id)

    def text_new_number(
        self, *, account_id: str, typed: str, place: str, language: str, visitor: Visitor, region: str | None = None
    ) -> Texted:
        """Have a code sent to a number that somebody wants to add; it counts once that code was typed.

        Raises:
            UnusableNumber: no texts are sent there.
            FactorExists: the account has this number.
            NoSuchFactor: texts are switched off.
            TooManyGuesses: see above.
        """
        if not self.policy.enabled:
            raise NoSuchFactor("texts are switched off")
        number = usable_number(typed, self.policy, region=region)
        with self._database.reading() as connection:
            if any(it.phone_number == number for it in list_factors(connection, account_id=account_id)):
                raise FactorExists("the account has this number")
        return self._text(_Asked(account_id=account_id, place=place, language=language, visitor=visitor), number, None)

    def _number_of(self, connection: Connection, account_id: str, factor_id: str | None) -> FactorFacts:
        numbers = [
            factor
            for factor in list_factors(connection, account_id=account_id)
            if factor.kind is Factor.SMS and factor_id in {None, factor.id}
        ]
        if not numbers or not self.policy.enabled:
            raise NoSuchFactor("no number")
        newest = max(numbers, key=lambda factor: factor.last_used_at or factor.created_at)
        try:
            usable_number(newest.phone_number or "", self.policy)
        except UnusableNumber as error:
            raise NoSuchFactor(f"the number is not served any more: {error}") from None
        return newest

    def _text(self, asked: _Asked, number: str, factor_id: str | None) -> Texted:
        now = self._clock()
        try:
            with self._database.writing() as connection:
                self._count(connection, asked, number, now)
                self._queue(connection, asked, number, factor_id, now)
                self._record(connection, asked, "ok", factor_id, now)
        except TooManyGuesses:
            with self._database.writing() as connection:
                self._record(connection, asked, "too_many_texts", factor_id, now)
            raise
        return Texted(number=masked_number(number), again_at=now + BUDGETS[GuessKind.SEND_AGAIN].seconds)

    def _count(self, connection: Connection, asked: _Asked, number: str, now: float) -> None:
        """Count by account, then number, then network: in one order, so that no two wait for each other."""
        account, its_number = account_key(asked.account_id), number_key(self._lookup, number=number)
        take(connection, kind=GuessKind.SEND_AGAIN, key=account, now=now)
        take(connection, kind=GuessKind.SEND, key=account, now=now)
        take(connection, kind=GuessKind.SEND, key=its_number, now=now)
        if asked.visitor.address:
            network = address_key(self._lookup, address=asked.visitor.address)
            take(connection, kind=GuessKind.SEND_ADDRESS, key=network, now=now)

    def _queue(self, connection: Connection, asked: _Asked, number: str, factor_id: str | None, now: float) -> None:
        challenge_id = ask_text(
            connection,
            account_id=asked.account_id,
            place=asked.place,
            phone_number=number,
            factor_id=factor_id,
            entropy=self._entropy,
            now=now,
        )
        enqueue(
            connection,
            kind=TEXT,
            recipient=None,
            language=asked.language,
            payload={
                "account_id": asked.account_id,
                "place": asked.place,
                "challenge_id": challenge_id,
            },
            worth_seconds=UNSENT_SECONDS,
            entropy=self._entropy,
            now=now,
        )

    def _record(self, connection: Connection, asked: _Asked, result: str, factor_id: str | None, now: float) -> None:
        event = Event(
            type=EventType.FACTOR_TEXTED,
            at=now,
            actor=f"account:{asked.account_id}",
            result=result,
            account_id=asked.account_id,
            reference=asked.visitor.reference,
            details={"factor": factor_id},
            personal=asked.visitor.personal,
        )
        record(connection, event, entropy=self._entropy)
