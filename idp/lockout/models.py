"""The rows behind budgets of guesses, and the browsers that an account is known in."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Index, LargeBinary, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from idp.lockout.places import HOUR
from idp.lockout.policy import BUDGETS, STOP_AFTER, GuessKind
from idp.storage.models import Base, Instant
from idp.storage.prune import prunable


class GuessCounter(Base):
    """The failures of one name or network since `window_started`; `exhausted_at` is when they used the budget up.

    `consecutive` counts over all windows, until a success; `next_at` is when the next guess is looked at. `key` never
    holds what a stranger typed: see `keys.py`.
    """

    __tablename__ = "guess_counters"
    __table_args__ = (Index("ix_guess_counters_window_started", "window_started"),)

    key: Mapped[str] = mapped_column(String(96), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    window_started: Mapped[Instant]
    failures: Mapped[int]
    exhausted_at: Mapped[Instant | None] = mapped_column(default=None)
    consecutive: Mapped[int] = mapped_column(default=0, server_default="0")
    next_at: Mapped[Instant | None] = mapped_column(default=None)


class KnownDevice(Base):
    """A browser in which an account has signed in before (OWASP device cookies); it never stands for a factor.

    `handle_digest` is SHA-256 of the browser's cookie, one for all accounts that have signed in there.
    """

    __tablename__ = "known_devices"
    __table_args__ = (
        Index("ix_known_devices_handle_digest", "handle_digest", "account_id", unique=True),
        Index("ix_known_devices_account_id", "account_id"),
        Index("ix_known_devices_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    handle_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    account_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]


COUNTERS = cast("Table", GuessCounter.__table__)

KNOWN = cast("Table", KnownDevice.__table__)

REMEMBERED_SECONDS = 400 * 86_400.0
"""How long failures in a row are kept after the last window that had any; what is stopped is kept for good."""

prunable("known_devices", KNOWN, KNOWN.c.expires_at, 86_400.0)


def _prunable(kind: GuessKind, seconds: float) -> None:
    prunable(
        f"guess_counters: {kind.value}",
        COUNTERS,
        COUNTERS.c.window_started,
        seconds,
        where=(COUNTERS.c.kind == kind.value) & (COUNTERS.c.consecutive == 0),
    )


# A window lasts at most twice its length: filled in its last moment, then resting.
for _kind, _budget in BUDGETS.items():
    _prunable(_kind, 2 * _budget.seconds)
for _kind in (GuessKind.ADDRESS, GuessKind.NETWORK, GuessKind.PAIR, GuessKind.NAME, GuessKind.ALARM, GuessKind.WORK):
    _prunable(_kind, 2 * HOUR)
prunable(
    "guess_counters: in a row",
    COUNTERS,
    COUNTERS.c.window_started,
    REMEMBERED_SECONDS,
    where=(COUNTERS.c.consecutive > 0) & (COUNTERS.c.consecutive < STOP_AFTER),
)
