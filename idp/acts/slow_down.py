"""Ask for a little work before guesses from a busy place are checked, and take the answer, each once."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.visitor import Visitor
from idp.lockout.keys import MacKey, work_key
from idp.lockout.paid import pay
from idp.lockout.work import LIFETIME, Asker, WorkRefused, check_answer, new_challenge
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.spent import AlreadySpent, spend


class SlowDown:
    """Makes challenges and takes answers, for one journey and the network that it is answered from."""

    def __init__(self, database: Database, lookup: MacKey, *, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._lookup = lookup
        self._clock = clock
        self._entropy = entropy

    def challenge(self, *, journey_id: str, visitor: Visitor) -> str:
        """Make a challenge; nothing is stored."""
        asker = Asker(journey_id=journey_id, address=visitor.address)
        return new_challenge(self._lookup, asker, now=self._clock(), entropy=self._entropy)

    def accept(self, *, challenge: str, answer: str, journey_id: str, visitor: Visitor) -> bool:
        """Let the next few guesses be checked; gives whether the work was done (else the person has waited).

        Raises:
            WorkRefused: the challenge is another's, used, or too old.
            WorkNotDone: neither done nor waited.
        """
        now, asker = self._clock(), Asker(journey_id=journey_id, address=visitor.address)
        worked = check_answer(self._lookup, asker, challenge=challenge, answer=answer, now=now)
        key = work_key(self._lookup, journey_id=journey_id, address=visitor.address)
        with self._database.writing() as connection:
            _spend(connection, challenge, now)
            pay(connection, key=key, now=now)
        return worked


def _spend(connection: Connection, challenge: str, now: float) -> None:
    try:
        spend(connection, kind="work", artifact=challenge, expires_at=now + 2 * LIFETIME, now=now)
    except AlreadySpent as error:
        raise WorkRefused("used before") from error
