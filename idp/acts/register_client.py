"""Register a relying party: its metadata, its secret if it needs one, and the audit row, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.registration import add_client, new_secret
from idp.storage.handles import Entropy

WITH_A_SECRET = frozenset({"client_secret_basic", "client_secret_post"})


def needs_secret(metadata: Mapping[str, Any]) -> bool:
    """Whether a client with this metadata authenticates by a secret (RFC 7591 §2: Basic where nothing is said)."""
    return metadata.get("token_endpoint_auth_method", "client_secret_basic") in WITH_A_SECRET


def register_client(
    connection: Connection, *, client_id: str, metadata: Mapping[str, Any], actor: str, entropy: Entropy, now: float
) -> str | None:
    """Register a client and give its new secret, which nobody can read again; None where it has none.

    Raises:
        RegistrationRefused: with a sentence for each fault.
        ClientExists: the id is taken.
    """
    secret = new_secret(entropy) if needs_secret(metadata) else None
    add_client(connection, client_id=client_id, metadata=metadata, secret=secret, now=now)
    event = Event(
        type=EventType.CLIENT_ADDED,
        at=now,
        actor=actor,
        client_id=client_id,
        details={"members": sorted(metadata), "redirect_uris": list(metadata.get("redirect_uris", ()))},
    )
    record(connection, event, entropy=entropy)
    return secret
