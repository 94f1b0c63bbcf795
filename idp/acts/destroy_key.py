"""Destroy the private part of a key that has left the JWKS: what it signed can still be verified, nothing more signed.

An act of two people, since no backup of the database made afterwards has it any more.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.handles import Entropy
from idp.storage.key_rows import advance_ring, forget_private, read_ring
from keys.errors import ForbiddenTransition, UnknownKey
from keys.states import KeyState


def destroy_key(connection: Connection, *, kid: str, actor: str, entropy: Entropy, now: float) -> None:
    """Forget the private part.

    Raises:
        UnknownKey: no signing key of ours has this kid, or its private part is gone already.
        ForbiddenTransition: it is still published, or still waits to be.
        RingMoved: somebody else changed the ring at this moment.
    """
    stored = read_ring(connection)
    key = next((key for key in stored.records if key.kid == kid and key.public_jwk), None)
    if key is None or key.wrapped is None:
        raise UnknownKey(f"there is no private part of a key {kid} here")
    if key.state not in {KeyState.REMOVED, KeyState.COMPROMISED} or key.effective_at > now:
        raise ForbiddenTransition(f"{kid} is {key.state}: only what has left the JWKS is destroyed")
    advance_ring(connection, seen=stored.epoch)
    forget_private(connection, key)
    details = {"kid": kid, "algorithm": key.algorithm, "state": key.state.value}
    record(connection, Event(type=EventType.KEYS_DESTROYED, at=now, actor=actor, details=details), entropy=entropy)
