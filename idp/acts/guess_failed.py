"""What follows from a guess that failed or was refused: the event, the place's counts, the lock and its notice, alarms.

All of it is written in one transaction after the check. A name that nobody has is treated like an account to the last
row, so that neither the answer nor its time tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.acts.sign_in_statements import Attempt, record_failure
from idp.acts.tell_owner import WORTH_SECONDS, Notice, asked_by
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.delivery.outbox import enqueue
from idp.lockout.keys import account_key
from idp.lockout.place_failures import PlaceFailures
from idp.lockout.places import LIMITS
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.lockout.stuffing import looks_now, raise_alarm
from idp.lockout.take import take
from idp.storage.handles import Entropy
from idp.wording import negotiate


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What this very failure brought about, for the meters: nothing, as a rule."""

    locked: bool = False
    stopped: bool = False
    known_device: bool = False
    slowed: bool = False
    stuffing: bool = False


def guess_failed(
    connection: Connection, *, attempt: Attempt, event: Event, visitor: Visitor, entropy: Entropy, now: float
) -> Consequences:
    """Record a failed guess (`event`) with all that it brings about."""
    reservation = attempt.reservation
    counted_at = reservation.origin if reservation.counts_for_place else None
    place = record_failure(connection, event=event, entropy=entropy, counted_at=counted_at)
    if reservation.used_up:
        _note_lock(connection, attempt=attempt, event=event, visitor=visitor, entropy=entropy, now=now)
    slowed = _is_slowed(place)
    stuffing = place.new_name and looks_now(reservation.origin) and raise_alarm(connection, reservation.origin, now=now)
    for holds, kind in ((slowed, EventType.PLACE_SLOWED), (stuffing, EventType.STUFFING_DETECTED)):
        if holds:
            record(connection, _about_many(kind, event, visitor), entropy=entropy)
    return Consequences(
        locked=reservation.used_up,
        stopped=reservation.used_up and reservation.stopped,
        known_device=reservation.device_id is not None,
        slowed=slowed,
        stuffing=stuffing,
    )


def _is_slowed(place: PlaceFailures) -> bool:
    """Whether this failure was the one from which on the place is slowed down."""
    return place.address == LIMITS[GuessKind.ADDRESS].work or place.network == LIMITS[GuessKind.NETWORK].work


def _note_lock(
    connection: Connection, *, attempt: Attempt, event: Event, visitor: Visitor, entropy: Entropy, now: float
) -> None:
    """Write down that a class of devices is locked, and tell the owner at most once a day, and of a stop anyway."""
    reservation = attempt.reservation
    locked = Event(
        type=EventType.ACCOUNT_LOCKED,
        at=event.at,
        actor="anonymous",
        result="stopped" if reservation.stopped else "paused",
        account_id=event.account_id,
        client_id=event.client_id,
        reference=visitor.reference,
        details={"devices": "known" if reservation.device_id else "unknown", **event.details},
        personal=visitor.personal,
    )
    record(connection, locked, entropy=entropy)
    try:
        key = account_key(attempt.account.id) if attempt.account else reservation.key
        # Strangers bring a stop about on the day of the first pause: the mail of that day does not speak of it.
        take(connection, kind=GuessKind.LOCK_NOTICE, key=f"stop:{key}" if reservation.stopped else key, now=now)
    except TooManyGuesses:
        return
    enqueue(
        connection,
        kind=Notice.LOCKED.value,
        recipient=None,
        language=negotiate(),
        payload={
            "account_id": event.account_id or "",
            "asked": asked_by(visitor, now=now),
            "words": {"stopped": int(reservation.stopped)},
        },
        worth_seconds=WORTH_SECONDS,
        entropy=entropy,
        now=now,
    )


def _about_many(kind: EventType, event: Event, visitor: Visitor) -> Event:
    """Give an event that is about a place or about everybody, not about one account."""
    return Event(type=kind, at=event.at, actor="anonymous", reference=visitor.reference, personal=visitor.personal)
