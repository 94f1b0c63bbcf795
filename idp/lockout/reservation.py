"""A guess that has been counted, before anyone knows whether it is right."""

from __future__ import annotations

from dataclasses import dataclass

from idp.lockout.policy import GuessKind


class TooManyGuesses(Exception):
    """The guess may not be checked; `ends_at` (an instant) is when the next one may, `kind` whose budget is used up."""

    def __init__(self, kind: GuessKind, ends_at: float) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.ends_at = ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Under which keys a guess was counted, and since when each counter counts; None where the budget was used up."""

    address_key: str
    address_window: float | None
    identifier_key: str
    identifier_window: float | None
    ends_at: float

    def require_admitted(self) -> None:
        """Let the guess be checked. Call it once the reservation is committed: raising rolls back what was counted.

        Raises:
            TooManyGuesses: a budget is used up.
        """
        if self.address_window is None:
            raise TooManyGuesses(GuessKind.ADDRESS, self.ends_at)
        if self.identifier_window is None:
            raise TooManyGuesses(GuessKind.IDENTIFIER, self.ends_at)
