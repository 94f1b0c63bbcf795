"""Security events that apps must hear (RFC 8417, RFC 8935): one row for each app and incident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from idp.delivery.app_queue import AppQueue, ToTell
from idp.delivery.models import APP_EVENTS
from idp.storage.handles import Entropy

_C = APP_EVENTS.c


@dataclass(frozen=True, slots=True, kw_only=True)
class AppEvent(ToTell):
    """What this worker has to tell one app of one incident; `id` is the token's `jti`, the same at every try."""

    incident_id: str
    created_at: float


APP_EVENT_QUEUE: Final = AppQueue(APP_EVENTS, AppEvent)


def tell_of_incident(
    connection: Connection, *, incident_id: str, client_ids: Iterable[str], entropy: Entropy, now: float
) -> None:
    """Have these apps told, if the caller's transaction comes about."""
    matters = [{"incident_id": incident_id, "client_id": client_id} for client_id in client_ids]
    APP_EVENT_QUEUE.add(connection, matters, entropy=entropy, now=now)


def heard_of(connection: Connection, incident_id: str) -> dict[str, str]:
    """Give each app that is told of an incident, and how far that has come."""
    found = connection.execute(select(_C.client_id, _C.state).where(_C.incident_id == incident_id))
    return {row.client_id: row.state for row in found}
