"""The ephemeral store: journeys in progress, per-address budgets, pushed payloads, caches. All of it may be lost.

Invariant: losing it costs a half-finished sign-in and nothing else. Whatever must not happen twice is decided in SQL;
`take` is atomic so that an honest race has one winner, not as the only guard against replay. A key is used either
for a value (`put`) or for counting (`add`), never both.
"""

from typing import Protocol

from idp.storage.database import StorageUnavailable

LONGEST_SECONDS = 3600.0
"""The longest life of a value."""


class EphemeralUnavailable(StorageUnavailable):
    """The store cannot do it now. Answer 503, or go on without where nothing depends on it."""


class EphemeralStore(Protocol):
    """Values and counters that end by themselves. Every method raises `EphemeralUnavailable`."""

    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Keep the value for that long (an hour at most), instead of any older one."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return the value, None when there is none (any more)."""
        ...

    def take(self, key: str) -> bytes | None:
        """Return the value and remove it; of several takers at once one gets it, the others None."""
        ...

    def delete(self, key: str) -> None:
        """Remove the value or the counter, if there is one."""
        ...

    def add(self, key: str, *, amount: int = 1, seconds: float) -> int:
        """Count in a window that starts with its first `add` and lasts `seconds`; returns the count so far.

        With ``amount=0`` it only reads (and starts a window where there was none).
        """
        ...


def require_short(seconds: float) -> None:
    """Refuse a value that would live longer than `LONGEST_SECONDS`: what must last that long is not ephemeral.

    Raises:
        ValueError: It would.
    """
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError(f"an ephemeral value lives up to {LONGEST_SECONDS:g} s, not {seconds:g}")
