"""Give a session a new handle, when its person has proved more or proved it again (OWASP ASVS 7.2.4)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, literal, update

from idp.sessions.find import live
from idp.sessions.models import SESSIONS
from idp.storage.handles import Entropy, digest, new_handle


class SessionGone(Exception):
    """The session has ended, or another request has renewed it meanwhile."""


def renew_id(
    connection: Connection,
    *,
    handle_digest: bytes,
    acr: str,
    amr: Sequence[str],
    auth_time: float,
    shared_device: bool = False,
    now: float,
    entropy: Entropy,
) -> str:
    """Replace the handle and what has been proved; gives the new handle, and the old one is dead.

    The session keeps its `sid` and does not last longer than it would have. `shared_device` says that the person called
    the browser a public one now; one that was called so before stays one.

    Raises:
        SessionGone: the old handle opens nothing any more.
    """
    handle = new_handle(entropy)
    renewed = connection.execute(
        update(SESSIONS)
        .where(SESSIONS.c.id_digest == handle_digest, live(literal(now)))
        .values(id_digest=digest(handle), acr=acr, amr=list(amr), auth_time=auth_time, last_seen_at=now)
        .values({"shared_device": True} if shared_device else {})
        .returning(SESSIONS.c.sid)
    )
    if renewed.one_or_none() is None:
        raise SessionGone
    return handle
