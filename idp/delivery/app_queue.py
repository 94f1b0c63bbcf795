"""What apps must hear, one row for each app and matter, written in the transaction that it tells of.

Claims are leases, as in the outbox: nothing is held while an app is spoken to, and what a killed worker had comes free
by itself. OpenID Connect Back-Channel Logout 1.0 §2.5 and RFC 8935 §2 leave retries to us: twenty-four hours, then it
is given up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, Update, insert, select, update

from idp.delivery.policy import LEASE, Outcome, Tries, next_try
from idp.storage.handles import Entropy, new_id

WAITING: Final = "waiting"
CONFIRMED: Final = "confirmed"
REFUSED: Final = "refused"
GIVEN_UP: Final = "given_up"
UNNEEDED: Final = "unneeded"
WORTH_SECONDS = 86_400.0
MAX_PROBLEM = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTell:
    """What this worker has to tell one app, for itself under `claim`; whatever is told adds columns of its own."""

    id: str
    client_id: str
    claim: str
    tries: Tries


Told = TypeVar("Told", bound=ToTell)


class AppQueue(Generic[Told]):
    """The rows of one table, each read as `kind`, whose fields are named as the columns are."""

    def __init__(self, table: Table, kind: type[Told]) -> None:
        self._table = table
        self._kind = kind
        self._names = [field.name for field in fields(kind) if field.name not in {"claim", "tries"}]

    def add(
        self, connection: Connection, matters: Iterable[Mapping[str, Any]], *, entropy: Entropy, now: float
    ) -> None:
        """Have these told, if the caller's transaction comes about."""
        rows = [
            {
                **matter,
                "id": new_id(entropy),
                "created_at": now,
                "due_at": now,
                "give_up_at": now + WORTH_SECONDS,
                "state": WAITING,
                "attempts": 0,
                "faults": 0,
            }
            for matter in matters
        ]
        if rows:
            connection.execute(insert(self._table), rows)

    def is_anything_due(self, connection: Connection, *, passing_over: Collection[str] = (), now: float) -> bool:
        """Say whether an app, other than those passed over, is to be told now."""
        due = select(self._table.c.id).where(*self._due(passing_over, now)).limit(1)
        return connection.execute(due).first() is not None

    def claim_next(
        self, connection: Connection, *, passing_over: Collection[str] = (), entropy: Entropy, now: float
    ) -> Told | None:
        """Have what is due longest for yourself, for the length of a lease; `passing_over` wait their turn."""
        columns = self._table.c
        due = select(columns.id).where(*self._due(passing_over, now)).order_by(columns.due_at).limit(1)
        found = connection.execute(due.with_for_update(skip_locked=True)).scalar_one_or_none()
        if found is None:
            return None
        claim = new_id(entropy)
        taken = (
            update(self._table)
            .where(columns.id == found, columns.state == WAITING)
            .values(claim=claim, due_at=now + LEASE, attempts=columns.attempts + 1)
            .returning(*columns)
        )
        row = connection.execute(taken).mappings().one()
        tries = Tries(attempts=row["attempts"], doubts=0, faults=row["faults"], give_up_at=row["give_up_at"])
        return self._kind(claim=claim, tries=tries, **{name: row[name] for name in self._names})

    def settle(self, connection: Connection, told: Told, *, state: str, now: float) -> bool:
        """Say how it ended; gives whether it was still this worker's to say."""
        values = {"state": state, "settled_at": now, "claim": None, "last_problem": None}
        return connection.execute(self._of(told).values(values)).rowcount > 0

    def note_failure(
        self, connection: Connection, told: Told, outcome: Outcome, *, problem: str, chance: float, now: float
    ) -> str | None:
        """Say that a try failed, and why; gives the state in which it stays, None when it is no longer this worker's.

        Who refuses may have a key or a clock that is a little behind: five refusals count, as `policy` has it for
        faults.
        """
        faults = told.tries.faults + (outcome is Outcome.FAULT)
        tries = Tries(attempts=told.tries.attempts, doubts=0, faults=faults, give_up_at=told.tries.give_up_at)
        due_at = next_try(outcome, tries, chance=chance, now=now)
        state = WAITING if due_at is not None else REFUSED if outcome is Outcome.FAULT else GIVEN_UP
        values: dict[str, object] = {"claim": None, "last_problem": problem[:MAX_PROBLEM], "faults": faults}
        values |= {"state": state}
        values |= {"settled_at": now} if due_at is None else {"due_at": due_at}
        return state if connection.execute(self._of(told).values(values)).rowcount > 0 else None

    def _due(self, passing_over: Collection[str], now: float) -> list[ColumnElement[bool]]:
        columns = self._table.c
        due = [columns.state == WAITING, columns.due_at <= now]
        return [*due, columns.client_id.not_in(sorted(passing_over))] if passing_over else due

    def _of(self, told: Told) -> Update:
        """Only whoever still has it may write about it: a lease that has run out belongs to somebody else."""
        columns = self._table.c
        return update(self._table).where(columns.id == told.id, columns.claim == told.claim)
