"""Open a session; called from one act alone, with the proofs in hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, insert

from idp.audit.policy import fitting_text
from idp.sessions.models import SESSIONS
from idp.sessions.policy import lifetimes_of
from idp.storage.handles import Entropy, digest, new_handle, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """Who has signed in and how; `kind` is the account's and decides how long the session lasts."""

    account_id: str
    kind: str
    acr: str
    amr: Sequence[str]
    auth_time: float
    user_agent_label: str | None = None
    address: str | None = None
    shared_device: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """A session's public id, its end at the latest, and the one time its handle is seen; that does not print."""

    handle: str = field(repr=False)
    sid: str
    expires_at: float
    parameters: Mapping[str, Any] = field(repr=False)


def open_session(connection: Connection, new: NewSession, *, now: float, entropy: Entropy) -> OpenedSession:
    """Open a session in one statement; the handle in the answer is for the cookie and is kept nowhere else."""
    opened = prepare_session(new, now=now, entropy=entropy)
    connection.execute(insert_session(), dict(opened.parameters))
    return opened


def prepare_session(new: NewSession, *, now: float, entropy: Entropy) -> OpenedSession:
    """Make a session without writing it; its `parameters` are what `insert_session` binds."""
    handle, sid = new_handle(entropy), new_id(entropy)
    lifetimes = lifetimes_of(new.kind, shared_device=new.shared_device)
    expires_at = now + lifetimes.absolute
    row = {
        "id_digest": digest(handle),
        "sid": sid,
        "account_id": new.account_id,
        "acr": new.acr,
        "amr": list(new.amr),
        "auth_time": new.auth_time,
        "created_at": now,
        "last_seen_at": now,
        "idle_seconds": lifetimes.idle,
        "expires_at": expires_at,
        "ended_at": None,
        "user_agent_label": new.user_agent_label and fitting_text(new.user_agent_label, 120),
        "address": new.address and fitting_text(new.address, 45),
        "shared_device": new.shared_device,
    }
    parameters = {f"session_{name}": value for name, value in row.items()}
    return OpenedSession(handle=handle, sid=sid, expires_at=expires_at, parameters=parameters)


@cache
def insert_session() -> Insert:
    """Give the statement that writes a prepared session, alone or as a CTE of another PostgreSQL statement."""
    return insert(SESSIONS).values(
        {column.name: bindparam(f"session_{column.name}", type_=column.type) for column in SESSIONS.c}
    )
