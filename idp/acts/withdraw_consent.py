"""A person ends an app's access: the consent is withdrawn, every grant of the app ends, marks reach every process."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance import consents
from idp.storage.handles import Entropy


def withdraw_consent(
    connection: Connection, *, account_id: str, client_id: str, visitor: Visitor, entropy: Entropy, now: float
) -> None:
    """End what the app may do for this account; the next time, it has to ask again.

    A code that is being issued at this very moment is refused when it comes to be exchanged (`family_facts`).
    """
    consents.withdraw_consent(connection, account_id=account_id, client_id=client_id, now=now)
    event = Event(
        type=EventType.CONSENT_WITHDRAWN,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        client_id=client_id,
        reference=visitor.reference,
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
