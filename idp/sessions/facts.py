"""A session as it was read: a value, not a row that could be written back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from idp.sessions.policy import ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session that was going on when it was read; instants are seconds since the epoch."""

    id_digest: bytes
    sid: str
    account_id: str
    acr: str
    amr: tuple[str, ...]
    auth_time: float
    created_at: float
    last_seen_at: float
    idle_seconds: float
    expires_at: float
    user_agent_label: str | None
    address: str | None
    shared_device: bool = False

    @property
    def ends_at(self) -> float:
        """The instant at which the session is over unless it is used before."""
        return ends_at(last_seen_at=self.last_seen_at, idle_seconds=self.idle_seconds, expires_at=self.expires_at)


COLUMNS = tuple(LiveSession.__dataclass_fields__)


def session_from(row: Row[*tuple[Any, ...]]) -> LiveSession:
    """Read a session from a row that has its columns under their own names."""
    values = {name: getattr(row, name) for name in COLUMNS}
    return LiveSession(**values | {"amr": tuple(values["amr"])})
