"""Take a relying party out of service at once, and put it back.

The client's mark makes every process refuse its access tokens; its grants end with it, so that no refresh token from
before comes back to life when it is enabled again.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients import registration
from idp.issuance.grants import end_grants_of_client
from idp.storage.handles import Entropy


def disable_client(connection: Connection, *, client_id: str, actor: str, entropy: Entropy, now: float) -> int:
    """Disable a client and give the number of grants that ended with it.

    Raises:
        ClientUnknown: there is none.
    """
    registration.disable_client(connection, client_id=client_id, now=now)
    ended = end_grants_of_client(connection, client_id=client_id, now=now)
    event = Event(type=EventType.CLIENT_DISABLED, at=now, actor=actor, client_id=client_id, details={"grants": ended})
    record(connection, event, entropy=entropy)
    return ended


def enable_client(connection: Connection, *, client_id: str, actor: str, entropy: Entropy, now: float) -> None:
    """Put a disabled client back into service; whatever was issued to it before stays refused.

    Raises:
        ClientUnknown: there is none.
    """
    registration.enable_client(connection, client_id=client_id, now=now)
    event = Event(type=EventType.CLIENT_ENABLED, at=now, actor=actor, client_id=client_id)
    record(connection, event, entropy=entropy)
