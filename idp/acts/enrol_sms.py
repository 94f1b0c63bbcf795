"""Add a number for codes by text: `send_text.py` sends it a code, and the number counts once that was typed.

A code costs a guess, out of the same budget as in a sign-in: whoever could guess it would own somebody else's number
here. The number is the one the code went to; the request that brings the code names none (T26).
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.guess_factor import FactorGuesses
from idp.acts.note_factor import note_added
from idp.acts.visitor import Visitor
from idp.mfa.factors import FactorExists, FactorFacts, NewFactor, add_factor, list_factors
from idp.mfa.phone_numbers import SmsPolicy
from idp.mfa.policy import Factor, Way
from idp.mfa.texted_codes import use_text
from idp.mfa.verified import NoSuchFactor
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy, new_id
from keys.mac import MacKey


class SmsEnrolment:
    """Adds numbers for every page that offers it."""

    def __init__(self, database: Database, key: MacKey, policy: SmsPolicy, *, clock: Clock, entropy: Entropy) -> None:
        self._key = key
        self._policy = policy
        self._entropy = entropy
        self._guesses = FactorGuesses(database, clock=clock, entropy=entropy)

    def finish(self, *, account_id: str, place: str, answer: str, name: str, visitor: Visitor) -> FactorFacts:
        """Keep the number that this place has had a code sent to, if this is the code.

        Raises:
            TooManyGuesses: nothing was checked.
            WrongAnswer, AnswerUsed, AnswerTooLate, NoSuchFactor: it proves nothing.
            FactorExists, TooManyFactors: see `mfa.factors`.
        """

        def right(connection: Connection, now: float) -> FactorFacts:
            if not self._policy.enabled:
                raise NoSuchFactor("texts are switched off")
            present = list_factors(connection, account_id=account_id, hold=True)
            sent = use_text(
                connection, self._key, account_id=account_id, place=place, typed=answer, adding=True, now=now
            )
            if any(factor.phone_number == sent.phone_number for factor in present):
                raise FactorExists("the account has this number")
            new = NewFactor(
                id=new_id(self._entropy),
                account_id=account_id,
                kind=Factor.SMS,
                name=name,
                phone_number=sent.phone_number,
            )
            factor = add_factor(connection, new, now=now)
            note_added(connection, factor, visitor=visitor, entropy=self._entropy, now=now)
            return factor

        return self._guesses.check(right, account_id=account_id, way=Way.SMS, visitor=visitor)
