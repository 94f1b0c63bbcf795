"""How long sessions last: pure rules.

An hour without use and a day in all; for staff 15 minutes and twelve hours (PCI DSS 8.2.8, NIST SP 800-63B-4 §2.2.3).
In a browser that its person calls a shared one, ten minutes without use.
"""

from __future__ import annotations

from dataclasses import dataclass

TOUCH_SECONDS = 60.0
"""A session's use is noted at most this often: a request should not cost a write."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds without use, and seconds in all."""

    idle: float
    absolute: float


ORDINARY = Lifetimes(idle=3600.0, absolute=86_400.0)
STAFF = Lifetimes(idle=900.0, absolute=43_200.0)
SHARED_DEVICE_IDLE = 600.0


def lifetimes_of(kind: str, *, shared_device: bool = False) -> Lifetimes:
    """Give the lifetimes for a kind of account."""
    lifetimes = STAFF if kind == "staff" else ORDINARY
    if not shared_device:
        return lifetimes
    return Lifetimes(idle=min(lifetimes.idle, SHARED_DEVICE_IDLE), absolute=lifetimes.absolute)


def ends_at(*, last_seen_at: float, idle_seconds: float, expires_at: float) -> float:
    """Give the instant at which a session is over unless it is used before."""
    return min(last_seen_at + idle_seconds, expires_at)


def touch_due(*, last_seen_at: float, now: float) -> bool:
    """Whether the use of a session at `now` is worth a write."""
    return now - last_seen_at >= TOUCH_SECONDS
