"""What people say of an incident afterwards: a second person reviews it; a false alarm is withdrawn.

Neither brings the key back. It stays out of the JWKS, signs nothing and opens no hints, for good: whoever doubted it
once need not decide under pressure whether the doubt was right, and apps that dropped it never see it again.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.handles import Entropy
from idp.storage.incident_rows import Incident, close_as_false_alarm, close_review, find_incident


class IncidentUnknown(LookupError):
    """No incident has this id, and none is about a key of this kid."""


class ReviewedByTheSame(Exception):
    """Whoever opened an incident cannot review it."""


class ClosedAlready(Exception):
    """Somebody has done this already; the text says who."""


def review_incident(connection: Connection, *, reference: str, actor: str, entropy: Entropy, now: float) -> Incident:
    """Note that a second person has looked at what one did alone.

    Raises:
        IncidentUnknown: there is none.
        ReviewedByTheSame: it was this very person.
        ClosedAlready: it was reviewed before.
    """
    incident = _found(connection, reference)
    if incident.opened_by == actor:
        raise ReviewedByTheSame(f"{actor} opened this incident; a second person reviews it")
    if not close_review(connection, incident, actor=actor, now=now):
        raise ClosedAlready(f"{incident.reviewed_by} has reviewed it already")
    _record(connection, incident, EventType.INCIDENT_REVIEWED, actor=actor, entropy=entropy, now=now)
    return replace(incident, reviewed_at=now, reviewed_by=actor)


def withdraw_incident(connection: Connection, *, reference: str, actor: str, entropy: Entropy, now: float) -> Incident:
    """Note that it was a false alarm. The key stays retired.

    Raises:
        IncidentUnknown: there is none.
        ClosedAlready: it was withdrawn before.
    """
    incident = _found(connection, reference)
    if not close_as_false_alarm(connection, incident, actor=actor, now=now):
        raise ClosedAlready(f"{incident.withdrawn_by} has withdrawn it already")
    _record(connection, incident, EventType.INCIDENT_WITHDRAWN, actor=actor, entropy=entropy, now=now)
    return replace(incident, withdrawn_at=now, withdrawn_by=actor)


def _found(connection: Connection, reference: str) -> Incident:
    incident = find_incident(connection, reference)
    if incident is None:
        raise IncidentUnknown(f"there is no incident {reference}, nor one about a key of that kid")
    return incident


def _record(
    connection: Connection, incident: Incident, type: EventType, *, actor: str, entropy: Entropy, now: float
) -> None:
    details = {"incident": incident.id, "kid": incident.kid}
    record(connection, Event(type=type, at=now, actor=actor, details=details), entropy=entropy)
