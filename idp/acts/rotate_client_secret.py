"""Give a relying party a new secret; the one before it counts for a while, so that deployments can follow."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.register_client import needs_secret
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.registration import new_secret, read_metadata, rotate_secret
from idp.storage.handles import Entropy


class ClientHasNoSecret(Exception):
    """The client authenticates by its own key, or not at all."""


def rotate_client_secret(
    connection: Connection, *, client_id: str, previous_until: float, actor: str, entropy: Entropy, now: float
) -> str:
    """Add a new secret and give it; nobody can read it again. The previous one counts until `previous_until`.

    Raises:
        ClientUnknown: there is none.
        ClientHasNoSecret: it authenticates in another way.
    """
    if not needs_secret(read_metadata(connection, client_id=client_id)):
        raise ClientHasNoSecret(client_id)
    secret = new_secret(entropy)
    rotate_secret(connection, client_id=client_id, secret=secret, previous_until=previous_until, now=now)
    event = Event(
        type=EventType.CLIENT_SECRET_ROTATED,
        at=now,
        actor=actor,
        client_id=client_id,
        details={"previous_until": previous_until},
    )
    record(connection, event, entropy=entropy)
    return secret
