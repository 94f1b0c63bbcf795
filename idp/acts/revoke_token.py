"""A client gives a token back: its grant ends everywhere, and the audit says who asked (RFC 7009 §2)."""

from __future__ import annotations

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.grants import end_grant
from idp.storage.database import Database
from idp.storage.handles import Entropy
from idp.storage.marks import write_mark


def revoke_family(
    database: Database, *, grant_id: str, client_id: str, reference: str, entropy: Entropy, now: float
) -> None:
    """End a grant; a client's own token has no grant row, and its mark alone ends it."""
    with database.writing() as connection:
        if not end_grant(connection, grant_id=grant_id, now=now):
            write_mark(connection, kind="grant", id=grant_id, not_before=now, now=now)
        event = Event(
            type=EventType.TOKEN_REVOKED,
            at=now,
            actor=f"client:{client_id}",
            client_id=client_id,
            reference=reference,
            details={"grant_id": grant_id},
        )
        record(connection, event, entropy=entropy)
