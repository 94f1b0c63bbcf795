"""A guess that has been counted, before anyone knows whether it is right; or the reason why it was not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from idp.lockout.origin import Origin
from idp.lockout.places import HOUR, LIMITS
from idp.lockout.policy import BUDGETS, STOP_AFTER, GuessKind

_BUDGET = BUDGETS[GuessKind.IDENTIFIER]
_COUNTED_MEANWHILE = 1.0


class TooManyGuesses(Exception):
    """The guess may not be checked; `ends_at` (an instant) is when the next one may, `kind` whose budget is used up."""

    def __init__(self, kind: GuessKind, ends_at: float) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.ends_at = ends_at


class GuessTooSoon(TooManyGuesses):
    """After several failures the next guess is looked at a little later; this one cost nothing."""


class GuessesStopped(TooManyGuesses):
    """So many failed in a row that none is checked any more, until recovery or an operator says otherwise."""


class WorkDue(TooManyGuesses):
    """Guesses from this place are checked for those who do some work first; this one cost nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Under which key a guess was counted, and how that counter stands now.

    `window` is since when it counts, None where the guess was refused: `refusal` says why. `device_id` is the row of
    the browser that the account is known in; its failures are counted apart and for no place.
    """

    origin: Origin = field(repr=False)
    key: str
    device_id: str | None = None
    window: float | None = None
    failures: int = 0
    consecutive: int = 0
    refusal: TooManyGuesses | None = None

    @property
    def used_up(self) -> bool:
        """Whether this guess was the last that is looked at for now."""
        return self.window is not None and (self.failures >= _BUDGET.failures or self.stopped)

    @property
    def stopped(self) -> bool:
        """Whether it was the last of so many in a row that none is looked at any more."""
        return self.consecutive >= STOP_AFTER

    @property
    def counts_for_place(self) -> bool:
        """Whether a failure is one of its place: not from a known browser, nor one that cost nothing."""
        free = isinstance(self.refusal, (GuessTooSoon, WorkDue))
        at_place = self.refusal is not None and self.refusal.kind in LIMITS
        return self.device_id is None and not free and not at_place

    def require_admitted(self) -> None:
        """Let the guess be checked. Call it once the reservation is committed: raising rolls back what was counted.

        Raises:
            TooManyGuesses: it was refused.
        """
        if self.refusal is not None:
            raise self.refusal


def reservation_from(row: Any, *, origin: Origin, worked: bool, now: float) -> Reservation:  # noqa: ANN401 - its own columns
    """Read the row of a statement that held `reservation_ctes`."""
    return Reservation(
        origin=origin,
        key=row.counter_key,
        device_id=row.device_id,
        window=row.counted_window,
        failures=row.counted_failures or 0,
        consecutive=row.counted_consecutive or 0,
        refusal=None if row.counted_window is not None else _refusal(row, origin, worked=worked, now=now),
    )


def _refusal(row: Any, origin: Origin, *, worked: bool, now: float) -> TooManyGuesses:  # noqa: ANN401 - as above
    """Say why nothing was counted; the row tells how everything stood before the statement."""
    if row.device_id is None and (refused := _refused_by_place(row, origin, worked=worked)):
        return refused
    if (row.before_consecutive or 0) >= STOP_AFTER:
        return GuessesStopped(GuessKind.IDENTIFIER, now + _BUDGET.seconds)
    since = row.before_exhausted_at or row.before_window_started or now
    if (row.before_failures or 0) >= _BUDGET.failures and now - _BUDGET.seconds < since <= now + _BUDGET.seconds:
        return TooManyGuesses(GuessKind.IDENTIFIER, since + _BUDGET.seconds)
    # Whatever was counted between the reading and the counting is not in the row.
    return GuessTooSoon(GuessKind.IDENTIFIER, max(row.before_next_at or 0.0, now + _COUNTED_MEANWHILE))


def _refused_by_place(row: Any, origin: Origin, *, worked: bool) -> TooManyGuesses | None:  # noqa: ANN401 - as above
    ends_at = origin.hour + HOUR
    failures = {GuessKind.ADDRESS: row.address_failures or 0, GuessKind.NETWORK: row.network_failures or 0}
    for kind, failed in failures.items():
        if failed >= LIMITS[kind].refused:
            return TooManyGuesses(kind, ends_at)
    if worked:
        return None
    slow = next((kind for kind, failed in failures.items() if failed >= LIMITS[kind].work), None)
    due = slow or (GuessKind.ALARM if row.alarmed_at is not None else None)
    return WorkDue(due, ends_at) if due else None
