"""Reading and writing incidents; who may close one is decided by the acts."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import Connection, RowMapping, insert, select, update

from idp.storage.incident_models import IncidentRow
from idp.storage.models import table_of

REVIEW_SECONDS = 86_400.0
"""Within which a second person looks at what one person did alone."""

_T = table_of(IncidentRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as it stands; instants in seconds, `opened_by` and its like name actors as the audit trail does.

    `replaced_by` is the kid that signs instead, None where nothing took over; `state_before` is where in its life the
    key was, `purpose` what it signed ("drill": a rehearsal), `told_at` when it was written down whom to tell of it.
    """

    id: str
    kid: str
    algorithm: str
    purpose: str
    state_before: str
    reason: str
    replaced_by: str | None
    opened_at: float
    opened_by: str
    reviewed_at: float | None = None
    reviewed_by: str | None = None
    withdrawn_at: float | None = None
    withdrawn_by: str | None = None
    told_at: float | None = None

    @property
    def review_due_at(self) -> float:
        """Until when a second person is to have looked at it."""
        return self.opened_at + REVIEW_SECONDS

    def is_overdue(self, now: float) -> bool:
        """Whether nobody has looked at it in time."""
        return self.reviewed_at is None and now > self.review_due_at


def add_incident(connection: Connection, incident: Incident) -> None:
    """Write a new incident."""
    connection.execute(insert(_T).values({name: getattr(incident, name) for name in _COLUMNS}))


def find_incident(connection: Connection, reference: str) -> Incident | None:
    """Give the incident of this id, or the one about the key of this kid."""
    about = (_T.c.id == reference) | (_T.c.kid == reference)
    row = connection.execute(select(_T).where(about)).mappings().one_or_none()
    return None if row is None else _incident(row)


def list_incidents(connection: Connection) -> list[Incident]:
    """Give every incident, the latest first."""
    return [_incident(row) for row in connection.execute(select(_T).order_by(_T.c.opened_at.desc())).mappings()]


def untold_incidents(connection: Connection) -> list[Incident]:
    """Give the incidents of which no app has been told, the oldest first."""
    untold = select(_T).where(_T.c.told_at.is_(None)).order_by(_T.c.opened_at)
    return [_incident(row) for row in connection.execute(untold).mappings()]


def begin_telling(connection: Connection, incident: Incident, *, now: float) -> bool:
    """Note that apps are told in this transaction; false when another process did that."""
    return _note(connection, incident, told_at=now)


def close_review(connection: Connection, incident: Incident, *, actor: str, now: float) -> bool:
    """Note who has reviewed an incident; false when somebody had already."""
    return _note(connection, incident, reviewed_at=now, reviewed_by=actor)


def close_as_false_alarm(connection: Connection, incident: Incident, *, actor: str, now: float) -> bool:
    """Note who has withdrawn an incident; false when somebody had already."""
    return _note(connection, incident, withdrawn_at=now, withdrawn_by=actor)


def _note(connection: Connection, incident: Incident, **values: object) -> bool:
    first = _T.c[next(iter(values))]
    noted = update(_T).where(_T.c.id == incident.id, first.is_(None)).values(values).returning(_T.c.id)
    return connection.execute(noted).scalar_one_or_none() is not None


_COLUMNS = tuple(field.name for field in fields(Incident))


def _incident(row: RowMapping) -> Incident:
    return Incident(**{name: row[name] for name in _COLUMNS})
