"""Everything that is held about a person, for that person: a document to take away (GDPR, articles 15 and 20)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from idp.accounts.claims import contract_claims
from idp.accounts.contracts import contracts_of
from idp.acts.personal_data import everything_about
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.handles import Entropy


def export_account(
    connection: Connection, *, account_id: str, actor: str, entropy: Entropy, now: float
) -> dict[str, Any]:
    """Gather it, and write down that somebody did; instants are seconds since the epoch.

    Hashes, keys and codes are left out: they exist, and are worth something to thieves alone.
    """
    contracts = contracts_of(connection, account_id=account_id, now=now, vehicles=True)
    tables = dict(everything_about(connection, account_id=account_id))
    event = Event(type=EventType.ACCOUNT_EXPORTED, at=now, actor=actor, account_id=account_id)
    record(connection, event, entropy=entropy)
    return {
        "exported_at": now,
        "account": account_id,
        "contracts": contract_claims(contracts, account_id=account_id),
        "left_out": "hashes of passwords and codes, keys of sign-in methods: they exist, and are nobody's to read",
        "tables": tables,
    }
