"""Apps that must hear that a session ended: one row for each app and session, written with the end itself.

Claims are leases, as in the outbox: nothing is held while an app is spoken to, and what a killed worker had comes free
by itself. OpenID Connect Back-Channel Logout 1.0 §2.5 leaves retries to us: twenty-four hours, then it is given up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Update, insert, select, update

from idp.delivery.models import APP_LOGOUTS
from idp.delivery.policy import LEASE, Outcome, Tries, next_try
from idp.storage.handles import Entropy, new_id

WAITING: Final = "waiting"
CONFIRMED: Final = "confirmed"
REFUSED: Final = "refused"
GIVEN_UP: Final = "given_up"
UNNEEDED: Final = "unneeded"
WORTH_SECONDS = 86_400.0
MAX_PROBLEM = 160
_C = APP_LOGOUTS.c


class Reached(NamedTuple):
    """An app that a session reached."""

    sid: str
    account_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppLogout:
    """What this worker has to tell one app, for itself under `claim`."""

    id: str
    sid: str
    account_id: str
    client_id: str
    claim: str
    tries: Tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Whether an app has heard of the end of a session; instants in seconds."""

    client_id: str
    sid: str
    state: str
    created_at: float
    settled_at: float | None

    @property
    def confirmed(self) -> bool:
        """Whether the app has said that the person is signed out there."""
        return self.state == CONFIRMED

    @property
    def pending(self) -> bool:
        """Whether the app is still to be told."""
        return self.state == WAITING


def tell_later(connection: Connection, reached: Iterable[Reached], *, entropy: Entropy, now: float) -> None:
    """Have these apps told, if the caller's transaction comes about."""
    rows = [
        {
            **app._asdict(),
            "id": new_id(entropy),
            "created_at": now,
            "due_at": now,
            "give_up_at": now + WORTH_SECONDS,
            "state": WAITING,
            "attempts": 0,
            "faults": 0,
        }
        for app in reached
    ]
    if rows:
        connection.execute(insert(APP_LOGOUTS), rows)


def is_anything_due(connection: Connection, *, passing_over: Collection[str] = (), now: float) -> bool:
    """Say whether an app, other than those passed over, is to be told now."""
    return connection.execute(select(_C.id).where(*_due(passing_over, now)).limit(1)).first() is not None


def claim_next(
    connection: Connection, *, passing_over: Collection[str] = (), entropy: Entropy, now: float
) -> AppLogout | None:
    """Have what is due longest for yourself, for the length of a lease; apps in `passing_over` wait their turn."""
    due = select(_C.id).where(*_due(passing_over, now)).order_by(_C.due_at).limit(1).with_for_update(skip_locked=True)
    logout_id = connection.execute(due).scalar_one_or_none()
    if logout_id is None:
        return None
    claim = new_id(entropy)
    taken = (
        update(APP_LOGOUTS)
        .where(_C.id == logout_id, _C.state == WAITING)
        .values(claim=claim, due_at=now + LEASE, attempts=_C.attempts + 1)
        .returning(*APP_LOGOUTS.c)
    )
    row = connection.execute(taken).one()
    return AppLogout(
        id=row.id,
        sid=row.sid,
        account_id=row.account_id,
        client_id=row.client_id,
        claim=claim,
        tries=Tries(attempts=row.attempts, doubts=0, faults=row.faults, give_up_at=row.give_up_at),
    )


def settle(connection: Connection, logout: AppLogout, *, state: str, now: float) -> bool:
    """Say how it ended; gives whether it was still this worker's to say."""
    values = {"state": state, "settled_at": now, "claim": None, "last_problem": None}
    return connection.execute(_of(logout).values(values)).rowcount > 0


def note_failure(
    connection: Connection, logout: AppLogout, outcome: Outcome, *, problem: str, chance: float, now: float
) -> str | None:
    """Say that a try failed, and why; gives the state in which it stays, None when it is no longer this worker's.

    Who refuses may have a key or a clock that is a little behind: five refusals count, as `policy` has it for faults.
    """
    faults = logout.tries.faults + (outcome is Outcome.FAULT)
    tries = Tries(attempts=logout.tries.attempts, doubts=0, faults=faults, give_up_at=logout.tries.give_up_at)
    due_at = next_try(outcome, tries, chance=chance, now=now)
    state = WAITING if due_at is not None else REFUSED if outcome is Outcome.FAULT else GIVEN_UP
    values: dict[str, object] = {"claim": None, "last_problem": problem[:MAX_PROBLEM], "faults": faults, "state": state}
    values |= {"settled_at": now} if due_at is None else {"due_at": due_at}
    return state if connection.execute(_of(logout).values(values)).rowcount > 0 else None


def receipts_of(
    connection: Connection, *, account_id: str | None = None, sid: str | None = None, since: float = 0.0
) -> tuple[Receipt, ...]:
    """Give which apps were told, or are to be told, since an instant: of one session or of all that an account had.

    Raises:
        ValueError: neither is named; nobody may read everybody's.
    """
    if (account_id is None) == (sid is None):
        raise ValueError("name an account or a session")
    whose = _C.account_id == account_id if sid is None else _C.sid == sid
    found = connection.execute(
        select(_C.client_id, _C.sid, _C.state, _C.created_at, _C.settled_at)
        .where(whose, _C.created_at >= since)
        .order_by(_C.created_at.desc(), _C.client_id)
    )
    return tuple(Receipt(**row) for row in found.mappings())


def _due(passing_over: Collection[str], now: float) -> list[ColumnElement[bool]]:
    due = [_C.state == WAITING, _C.due_at <= now]
    return [*due, _C.client_id.not_in(sorted(passing_over))] if passing_over else due


def _of(logout: AppLogout) -> Update:
    """Only whoever still has it may write about it: a lease that has run out belongs to somebody else."""
    return update(APP_LOGOUTS).where(_C.id == logout.id, _C.claim == logout.claim)
