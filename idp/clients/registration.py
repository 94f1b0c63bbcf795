"""Write clients: add, change, disable, and give them secrets.

Every function runs in the caller's transaction and bumps the revision "clients", so that each process reloads;
disabling also writes a mark, so that tokens already out are refused at the next poll.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from idp.clients.models import ClientRow
from idp.clients.policy import RegistrationRefused, registration_faults
from idp.storage.handles import Entropy, digest, new_handle
from idp.storage.marks import write_mark
from idp.storage.models import table_of
from idp.storage.revisions import bump

_T = table_of(ClientRow)


class ClientExists(Exception):
    """The client_id is taken; ids are never given twice."""


class ClientUnknown(LookupError):
    """No client has this id."""


def add_client(
    connection: Connection, *, client_id: str, metadata: Mapping[str, Any], secret: str | None, now: float
) -> None:
    """Register a client.

    Raises:
        RegistrationRefused: with a sentence for each fault.
        ClientExists: the id is taken.
    """
    if faults := list(registration_faults(client_id, metadata)):
        raise RegistrationRefused(faults)
    try:
        connection.execute(
            _T.insert().values(
                client_id=client_id,
                metadata=dict(metadata),
                secrets=[_secret_at_rest(secret)] if secret else [],
                created_at=now,
                updated_at=now,
            )
        )
    except IntegrityError as error:
        raise ClientExists(client_id) from error
    bump(connection, "clients")


def read_metadata(connection: Connection, *, client_id: str) -> dict[str, Any]:
    """Give the stored metadata of a client.

    Raises:
        ClientUnknown: there is none.
    """
    found: dict[str, Any] | None = connection.execute(
        select(_T.c.metadata).where(_T.c.client_id == client_id)
    ).scalar_one_or_none()
    if found is None:
        raise ClientUnknown(client_id)
    return found


def change_client(connection: Connection, *, client_id: str, changes: Mapping[str, Any], now: float) -> None:
    """Merge changed members into a registration (a None removes the member).

    Raises:
        ClientUnknown: there is none.
        RegistrationRefused: the result would not be acceptable.
    """
    merged = read_metadata(connection, client_id=client_id) | dict(changes)
    metadata = {name: value for name, value in merged.items() if value is not None}
    if faults := list(registration_faults(client_id, metadata)):
        raise RegistrationRefused(faults)
    connection.execute(update(_T).where(_T.c.client_id == client_id).values(metadata=metadata, updated_at=now))
    bump(connection, "clients")


def disable_client(connection: Connection, *, client_id: str, now: float) -> None:
    """Take a client out of service at once; its tokens are refused wherever this issuer is asked.

    Raises:
        ClientUnknown: there is none.
    """
    changed = connection.execute(
        update(_T).where(_T.c.client_id == client_id).values(disabled_at=now, updated_at=now).returning(_T.c.client_id)
    ).scalar_one_or_none()
    if changed is None:
        raise ClientUnknown(client_id)
    write_mark(connection, kind="client", id=client_id, not_before=now, now=now)
    bump(connection, "clients")


def enable_client(connection: Connection, *, client_id: str, now: float) -> None:
    """Put a disabled client back into service; tokens from before it was disabled stay refused.

    Raises:
        ClientUnknown: there is none.
    """
    changed = connection.execute(
        update(_T).where(_T.c.client_id == client_id).values(disabled_at=None, updated_at=now).returning(_T.c.client_id)
    ).scalar_one_or_none()
    if changed is None:
        raise ClientUnknown(client_id)
    bump(connection, "clients")


def rotate_secret(connection: Connection, *, client_id: str, secret: str, previous_until: float, now: float) -> None:
    """Add a new secret and let the previous ones count until `previous_until`, so that deployments can follow.

    Raises:
        ClientUnknown: there is none.
    """
    stored = connection.execute(
        select(_T.c.secrets).where(_T.c.client_id == client_id).with_for_update()
    ).scalar_one_or_none()
    if stored is None:
        raise ClientUnknown(client_id)
    kept = [
        {**old, "expires_at": min(old["expires_at"] or previous_until, previous_until)}
        for old in stored
        if old["expires_at"] is None or old["expires_at"] > now
    ]
    connection.execute(
        update(_T)
        .where(_T.c.client_id == client_id)
        .values(secrets=[_secret_at_rest(secret), *kept[:1]], updated_at=now)
    )
    bump(connection, "clients")


def new_secret(entropy: Entropy) -> str:
    """Make a client secret: 256 random bits, URL-safe so that Basic needs no escaping (RFC 6749 §2.3.1)."""
    return new_handle(entropy)


def _secret_at_rest(secret: str) -> dict[str, Any]:
    return {"digest": digest(secret).hex(), "expires_at": None}


def count_clients(connection: Connection) -> int:
    """Say how many clients are registered, disabled ones included."""
    return connection.execute(select(func.count()).select_from(_T)).scalar_one()
