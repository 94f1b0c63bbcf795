"""The one way in which sessions end: with everything issued in them, and with every app told that they reached.

Invariant: session, grants, marks and what the apps must hear are written in one transaction; nobody else ends sessions
(a test reads the imports). A session that merely runs out tells nobody: its apps have sessions of their own, and when
the account is stopped later they are told then, by the grants that are still live. OpenID Connect Back-Channel Logout
1.0 §2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, or_, select

from idp.clients.models import ClientRow
from idp.delivery.app_logouts import Reached, tell_later
from idp.issuance.grants import end_grants_of_account, end_grants_of_session
from idp.issuance.models import Grant
from idp.sessions.end import end_all_of_account, end_session
from idp.storage.handles import Entropy
from idp.storage.models import table_of

_G = table_of(Grant).c
_R = table_of(ClientRow).c


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedSessions:
    """What ended: sessions that were live until now, grants, and the apps (`client_id`) that they reached."""

    sids: tuple[str, ...]
    grants: int
    apps: tuple[str, ...]


def end_session_and_tell(connection: Connection, *, sid: str, entropy: Entropy, now: float) -> EndedSessions:
    """End one session and its grants, and have its apps told; ended again it tells nobody twice."""
    sids = (sid,) if end_session(connection, sid=sid, now=now) else ()
    apps = _tell(connection, _G.sid == sid, sids, entropy=entropy, now=now)
    grants = end_grants_of_session(connection, sid=sid, now=now)
    return EndedSessions(sids=sids, grants=len(grants), apps=apps)


def end_sessions_of_account_and_tell(
    connection: Connection, *, account_id: str, except_sid: str | None = None, entropy: Entropy, now: float
) -> EndedSessions:
    """End every session and grant of an account, and have the apps told; `except_sid` names a session that stays."""
    sids = end_all_of_account(connection, account_id=account_id, except_sid=except_sid, now=now)
    whose = _G.account_id == account_id
    if except_sid is not None:
        whose &= _G.sid != except_sid
    apps = _tell(connection, whose, sids, entropy=entropy, now=now)
    grants = end_grants_of_account(connection, account_id=account_id, except_sid=except_sid, now=now)
    return EndedSessions(sids=tuple(sids), grants=len(grants), apps=apps)


def _tell(
    connection: Connection, whose: ColumnElement[bool], sids: Sequence[str], *, entropy: Entropy, now: float
) -> tuple[str, ...]:
    """Have told who was reached by a session that ends now, or holds a live grant of one that ran out before."""
    reached = connection.execute(
        select(_G.sid, _G.account_id, _G.client_id, _R.metadata["backchannel_logout_uri"].as_string().label("uri"))
        .join(table_of(ClientRow), _R.client_id == _G.client_id)
        .where(whose, or_(_G.ended_at.is_(None), _G.sid.in_(sids)))
        .distinct()
    ).all()
    told = [Reached(row.sid, row.account_id, row.client_id) for row in reached if row.uri]
    tell_later(connection, told, entropy=entropy, now=now)
    return tuple(sorted({row.client_id for row in reached}))
