"""Take a leaked key out of service, alone and at once; containment waits for nobody and never fails half-way.

In one transaction: the key is compromised, its standby signs from this instant on, a mark tells every process to drop
it (which they do within half a second, so that its tokens are refused at userinfo, introspection and as hints), apps
that listen on the back channel are to drop what may rest on it, and an incident is opened that a second person reviews.
A node that has not heard yet may sign with it for that half second; what it signs is refused like everything else of
that key. People stay signed in: sessions and refresh tokens rest on the database, not on signatures.

If nothing can take over, the key goes all the same, and signing with its algorithm answers 503 until somebody acts.
Without the key-encryption key at hand (a shell on another machine) the follower can't be tried out first; it is taken
untried. What is missing afterwards, a new standby above all, is made right after, or by the housekeeper; so it is with
telling the apps.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from idp.acts.change_ring import Change, Written, write_change
from idp.acts.stage_key import stage_key
from idp.acts.tell_of_incident import tell_of_incidents
from idp.audit.events import EventType
from idp.storage.database import Database, StorageUnavailable
from idp.storage.handles import Clock, Entropy, new_id
from idp.storage.incident_rows import Incident, add_incident, find_incident
from idp.storage.key_rows import RingMoved, StoredRing, on_current_ring
from idp.storage.marks import write_mark
from keys.errors import KeysError, UnknownKey
from keys.kek import Kek
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.ring import prove
from keys.rotation import keys_of
from keys.states import KeyState, Waiting

log = logging.getLogger("idp.keys")


@dataclass(frozen=True, slots=True)
class Containment:
    """What was done. `already`: somebody had done it before, in this incident; `nothing_signs`: nobody could follow."""

    incident: Incident
    already: bool
    nothing_signs: bool


def compromise_key(
    database: Database, kek: Kek | None, *, kid: str, reason: str, actor: str, clock: Clock, entropy: Entropy
) -> Containment:
    """Take the key out of service, whatever state it is in. Twice, or by two people at once, is one incident.

    Raises:
        UnknownKey: no signing key has this kid.
        RingMoved: others kept changing the ring; ask again at once.
    """

    def contain(stored: StoredRing) -> Containment:
        key = next((key for key in stored.records if key.kid == kid and key.public_jwk), None)
        if key is None:
            raise UnknownKey(f"no signing key has the kid {kid}")
        if key.state is KeyState.COMPROMISED:
            return _already(database, key)
        followers = _followers(stored.records, key, kek) if key.state is KeyState.ACTIVE else ()
        return _written(database, stored, key, followers[:1], reason=reason, actor=actor, clock=clock, entropy=entropy)

    contained = on_current_ring(database, contain)
    if kek is not None and not contained.already:
        _make_up(database, kek, contained.incident, clock=clock, entropy=entropy)
    _tell(database, clock=clock, entropy=entropy)
    return contained


def _followers(records: Sequence[KeyRecord], key: KeyRecord, kek: Kek | None) -> tuple[KeyRecord, ...]:
    """Give the keys that could sign in its place, the standby first, then what waits longest."""
    keys = keys_of(records, algorithm=key.algorithm, purpose=key.purpose)
    waiting = [other for other in keys if other.state in {KeyState.STANDBY, KeyState.STAGED}]
    waiting.sort(key=lambda other: (other.state is not KeyState.STANDBY, other.staged_at or 0.0))
    return tuple(other for other in waiting if kek is None or _signs(other, kek))


def _signs(key: KeyRecord, kek: Kek) -> bool:
    try:
        prove(key, kek)
    except KeysError as error:
        log.error("%s can't take over: %s", key.kid, error)  # noqa: TRY400 - its text says it
        return False
    return True


def _written(
    database: Database,
    stored: StoredRing,
    key: KeyRecord,
    follower: Sequence[KeyRecord],
    *,
    reason: str,
    actor: str,
    clock: Clock,
    entropy: Entropy,
) -> Containment:
    opened: list[Incident] = []

    def open_incident(connection: Connection, written: Written) -> None:
        opened.append(
            Incident(
                id=new_id(entropy),
                kid=key.kid,
                algorithm=key.algorithm,
                purpose=key.purpose,
                state_before=key.state.value,
                reason=reason,
                replaced_by=follower[0].kid if follower else None,
                opened_at=written.at,
                opened_by=actor,
            )
        )
        add_incident(connection, opened[0])
        write_mark(connection, kind="kid", id=key.kid, not_before=written.at, now=written.at)

    write_change(
        database,
        stored,
        Change(
            type=EventType.KEYS_COMPROMISED,
            moves=[(key, KeyState.COMPROMISED), *((other, KeyState.ACTIVE) for other in follower)],
            delay=0.0,
        ),
        details=lambda _: asdict(opened[0]),
        actor=actor,
        clock=clock,
        entropy=entropy,
        also=open_incident,
    )
    signed = key.state is KeyState.ACTIVE
    return Containment(opened[0], already=False, nothing_signs=signed and not follower)


def _already(database: Database, key: KeyRecord) -> Containment:
    with database.reading() as connection:
        incident = find_incident(connection, key.kid)
    if incident is None:  # A row that says so without an incident was edited by hand: nothing to add to.
        raise UnknownKey(f"{key.kid} is compromised already, and no incident tells of it")
    return Containment(incident, already=True, nothing_signs=False)


def _tell(database: Database, *, clock: Clock, entropy: Entropy) -> None:
    """Have the apps told; the containment holds whether or not this succeeds."""
    try:
        tell_of_incidents(database, clock=clock, entropy=entropy)
    except StorageUnavailable as error:
        log.warning("apps are told by the housekeeper: %s", error)


def _make_up(database: Database, kek: Kek, incident: Incident, *, clock: Clock, entropy: Entropy) -> None:
    """Make the standby and staged keys that are missing now; the containment holds whether or not this succeeds."""
    waiting: tuple[Waiting, ...] = (KeyState.STANDBY, KeyState.STAGED)
    for state in waiting if incident.purpose == Purpose.TOKENS else ():
        try:
            stage_key(
                database,
                kek,
                algorithm=incident.algorithm,
                state=state,
                actor=incident.opened_by,
                clock=clock,
                entropy=entropy,
            )
        except (KeysError, RingMoved) as error:
            log.warning("no new %s key for %s was made yet: %s", state, incident.algorithm, error)
