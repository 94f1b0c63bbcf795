"""Change what is registered of a relying party; every process works with the change within its next poll."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.registration import change_client
from idp.storage.handles import Entropy


def update_client(
    connection: Connection, *, client_id: str, changes: Mapping[str, Any], actor: str, entropy: Entropy, now: float
) -> None:
    """Merge changed members into a registration; a None removes the member, a list replaces the list.

    Raises:
        ClientUnknown: there is none.
        RegistrationRefused: the result would not be acceptable.
    """
    change_client(connection, client_id=client_id, changes=changes, now=now)
    details = {name: _shown(value) for name, value in changes.items()}
    event = Event(type=EventType.CLIENT_CHANGED, at=now, actor=actor, client_id=client_id, details=details)
    record(connection, event, entropy=entropy)


def _shown(value: object) -> object:
    """Key sets are long, and public: that one was set is enough."""
    return "set" if isinstance(value, Mapping) else value
