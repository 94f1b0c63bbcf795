"""A code or a rotated refresh token came back, so others may hold it: the whole family ends (RFC 9700 §4.14.2)."""

from __future__ import annotations

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.grants import end_grant
from idp.storage.database import Database
from idp.storage.handles import Entropy


def end_family(
    database: Database, *, grant_id: str, client_id: str, cause: str, reference: str, entropy: Entropy, now: float
) -> None:
    """End every token of a grant, in a transaction of its own (the one that found the reuse was rolled back).

    `cause` is the audit event: "code.reuse" or "refresh.reuse".
    """
    with database.writing() as connection:
        end_grant(connection, grant_id=grant_id, now=now)
        event = Event(
            type=EventType(cause),
            at=now,
            actor=f"client:{client_id}",
            result="refused",
            client_id=client_id,
            reference=reference,
            details={"grant_id": grant_id},
        )
        record(connection, event, entropy=entropy)
