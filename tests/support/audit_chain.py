"""An audit trail in which things happen, and what seals, signs and verifies it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from idp.acts.checkpoint_audit import checkpoint_audit
from idp.audit.events import Event, EventType, Personal
from idp.audit.record import record
from idp.audit.seal import seal_batch
from idp.audit.verify import Verified, verify_trail
from idp.audit.verify_export import Checkpoint
from idp.storage.database import Database
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.ring import open_signer

NOW = 1_800_000_000.0
ISSUER = "https://id.example.com"
KEK = FileKek(secrets.token_bytes(32))


def happen(database: Database, count: int, *, at: float = NOW) -> None:
    """Let so many things happen, of which every third has personal values."""
    with database.writing() as connection:
        for number in range(count):
            personal = Personal(address="203.0.113.7", user_agent="A browser") if number % 3 == 0 else None
            event = Event(
                type=EventType.SIGN_IN_SUCCEEDED,
                at=at + number / 7,
                actor="account:dana",
                account_id="dana",
                details={"number": number, "share": number / 3, "words": ["é", "\u2028", '"']},
                personal=personal,
            )
            record(connection, event, entropy=secrets.token_bytes)


def seal(database: Database, *, now: float = NOW, at_most: int = 1000) -> int:
    """Seal one batch."""
    with database.writing() as connection:
        return seal_batch(connection, now=now, at_most=at_most)


def checkpoint(database: Database, key: KeyRecord, *, now: float = NOW, places: Sequence[str] = ()) -> str | None:
    """Make a checkpoint, if one is due."""
    with database.writing() as connection:
        return checkpoint_audit(
            connection,
            open_signer(key, KEK),
            issuer=ISSUER,
            places=places,
            period=3600,
            entropy=secrets.token_bytes,
            now=now,
        )


def verified(database: Database, *checkpoints: Checkpoint, now: float = NOW) -> Verified:
    """Verify all of it."""
    with database.reading() as connection:
        return verify_trail(connection, checkpoints, now=now)


def public(key: KeyRecord) -> dict[str, str]:
    """The key as an auditor has it."""
    return {**key.public_jwk, "kid": key.kid}
