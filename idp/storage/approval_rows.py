"""Reading and writing approvals; who may decide on one is judged by the acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from idp.storage.approval_models import ApprovalRow
from idp.storage.models import table_of

_T = table_of(ApprovalRow)


class ApprovalState(StrEnum):
    """What has become of a proposal; past its time, one that is still proposed can't be decided on any more."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    ALONE = "alone"
    """Done by one person: the glass was broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A proposal as it stands; instants in seconds, people as the audit trail names them."""

    id: str
    act: str
    arguments: Mapping[str, Any]
    digest: bytes
    state: str
    proposed_by: str
    proposed_at: float
    expires_at: float
    reason: str = ""
    decided_by: str | None = None
    decided_at: float | None = None

    def is_open(self, now: float) -> bool:
        """Whether somebody can still decide on it."""
        return self.state == ApprovalState.PROPOSED and now < self.expires_at


def add_approval(connection: Connection, approval: Approval) -> None:
    """Write a new proposal, or one that was carried out at once."""
    connection.execute(insert(_T).values({name: getattr(approval, name) for name in _COLUMNS}))


def find_approval(connection: Connection, approval_id: str) -> Approval | None:
    """Give the proposal of this id."""
    row = connection.execute(select(_T).where(_T.c.id == approval_id)).mappings().one_or_none()
    return None if row is None else _approval(row)


def list_approvals(connection: Connection, *, count: int = 100) -> list[Approval]:
    """Give the latest proposals, the newest first."""
    latest = select(_T).order_by(_T.c.proposed_at.desc(), _T.c.id).limit(count)
    return [_approval(row) for row in connection.execute(latest).mappings()]


def open_approvals(connection: Connection, now: float) -> list[Approval]:
    """Give every proposal that somebody can still decide on, the oldest first, however many there are."""
    still = (_T.c.state == ApprovalState.PROPOSED.value, _T.c.expires_at > now)
    rows = connection.execute(select(_T).where(*still).order_by(_T.c.proposed_at, _T.c.id)).mappings()
    return [_approval(row) for row in rows]


def done_alone_since(connection: Connection, since: float) -> list[Approval]:
    """Give what one person has done alone since an instant, the newest first."""
    alone = (_T.c.state == ApprovalState.ALONE.value, _T.c.proposed_at >= since)
    rows = connection.execute(select(_T).where(*alone).order_by(_T.c.proposed_at.desc())).mappings()
    return [_approval(row) for row in rows]


def decide_approval(connection: Connection, approval: Approval, *, state: ApprovalState, by: str, now: float) -> bool:
    """Decide on a proposal, once; false when somebody has, or when its time is over."""
    undecided = (_T.c.id == approval.id, _T.c.state == ApprovalState.PROPOSED.value, _T.c.expires_at > now)
    decided = update(_T).where(*undecided).values(state=state.value, decided_by=by, decided_at=now).returning(_T.c.id)
    return connection.execute(decided).scalar_one_or_none() is not None


def void_approvals(connection: Connection, *, by: str, now: float) -> int:
    """Refuse every proposal that nobody has decided on, and count them."""
    waiting = update(_T).where(_T.c.state == ApprovalState.PROPOSED.value)
    return connection.execute(waiting.values(state=ApprovalState.REFUSED.value, decided_by=by, decided_at=now)).rowcount


_COLUMNS = tuple(field.name for field in fields(Approval))


def _approval(row: RowMapping) -> Approval:
    return Approval(**{name: row[name] for name in _COLUMNS})
