"""A person allows an app what it asks for: remembered, and recorded."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.consents import remember_consent
from idp.storage.handles import Entropy


def give_consent(
    connection: Connection,
    *,
    account_id: str,
    client_id: str,
    scopes: Iterable[str],
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> None:
    """Remember what the account allows this client, in the caller's transaction."""
    allowed = sorted(scopes)
    remember_consent(connection, account_id=account_id, client_id=client_id, scopes=allowed, now=now)
    event = Event(
        type=EventType.CONSENT_GIVEN,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        client_id=client_id,
        reference=visitor.reference,
        details={"scopes": allowed},
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
