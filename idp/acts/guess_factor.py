"""A typed code costs a guess before it is looked at, out of one budget for everything that an account is asked for.

Three steps with nothing held between them: count (a transaction), check, spend and use (a transaction, in which a right
code gives its guess back), and for a wrong one a line in the audit trail, without the code. However many journeys are
begun, and however many texts are sent, there is one counter (T37, T38, T40; NIST SP 800-63B-4 §3.2.2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.lockout.keys import account_key
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.lockout.take import put_back, take
from idp.mfa.policy import Way
from idp.mfa.verified import AnswerTooLate, AnswerUsed, FactorRefused, NoSuchFactor
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy

Right = TypeVar("Right")

_RESULTS: dict[type[FactorRefused], str] = {
    AnswerUsed: "used_code",
    AnswerTooLate: "late_code",
    NoSuchFactor: "no_such_factor",
}


class FactorGuesses:
    """Has codes checked at the price of a guess."""

    def __init__(self, database: Database, *, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    def check(
        self, right: Callable[[Connection, float], Right], *, account_id: str, way: Way, visitor: Visitor
    ) -> Right:
        """Call `right` with a transaction and the moment (seconds); give what it gives when the code was right.

        Raises:
            TooManyGuesses: nothing was checked.
            FactorRefused: what `right` raised; nothing of its transaction stays.
        """
        try:
            window = self._count(account_id)
        except TooManyGuesses:
            self.note_refused("too_many_guesses", account_id=account_id, way=way, visitor=visitor)
            raise
        try:
            with self._database.writing() as connection:
                given = right(connection, self._clock())
                put_back(connection, kind=GuessKind.FACTOR, key=account_key(account_id), window=window)
        except FactorRefused as error:
            self.note_refused(_RESULTS.get(type(error), "wrong_code"), account_id=account_id, way=way, visitor=visitor)
            raise
        return given

    def note_refused(self, result: str, *, account_id: str, way: Way, visitor: Visitor) -> None:
        """Leave with the audit trail that a code proved nothing, and why."""
        event = Event(
            type=EventType.FACTOR_REFUSED,
            at=self._clock(),
            actor="anonymous",
            result=result,
            account_id=account_id,
            reference=visitor.reference,
            details={"kind": way.value},
            personal=visitor.personal,
        )
        with self._database.writing() as connection:
            record(connection, event, entropy=self._entropy)

    def _count(self, account_id: str) -> float:
        with self._database.writing() as connection:
            return take(connection, kind=GuessKind.FACTOR, key=account_key(account_id), now=self._clock())
