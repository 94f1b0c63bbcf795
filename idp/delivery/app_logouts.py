"""Apps that must hear that a session ended: one row for each app and session, written with the end itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from idp.delivery.app_queue import CONFIRMED, WAITING, AppQueue, ToTell
from idp.delivery.models import APP_LOGOUTS
from idp.storage.handles import Entropy

_C = APP_LOGOUTS.c


class Reached(NamedTuple):
    """An app that a session reached."""

    sid: str
    account_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppLogout(ToTell):
    """What this worker has to tell one app of one session."""

    sid: str
    account_id: str


APP_LOGOUT_QUEUE: Final = AppQueue(APP_LOGOUTS, AppLogout)


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
    APP_LOGOUT_QUEUE.add(connection, [app._asdict() for app in reached], entropy=entropy, now=now)


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
