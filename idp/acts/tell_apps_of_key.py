"""Have apps told of every session that may rest on a compromised key: any ID token could have been a thief's.

By the back channel, as if the session had ended, so that an app drops what it began with such a token; here it goes on,
and the next sign-in at the app asks the person for nothing. Who is told: apps that listen, whose ID tokens the key's
algorithm signs, for each session with a grant that lives. A key that never signed, not even for chosen apps, is told
of to nobody.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from idp.clients.client import decode_client
from idp.clients.models import ClientRow
from idp.delivery.app_logouts import Reached, tell_later
from idp.issuance.models import Grant
from idp.storage.handles import Entropy
from idp.storage.models import table_of
from keys.records import KeyRecord

_G = table_of(Grant).c
_R = table_of(ClientRow).c


def tell_apps_of_key(connection: Connection, key: KeyRecord, *, leaked_at: float, entropy: Entropy, now: float) -> int:
    """Put what apps are to be told into their outbox, in the caller's transaction; gives how many logouts that is.

    `leaked_at` is when it went out of service: one that was yet to become active had signed nothing.
    """
    if not key.tried_for and (key.activated_at is None or key.activated_at > leaked_at):
        return 0
    listening = _listening(connection, key.algorithm)
    live = (_G.client_id.in_(listening), _G.ended_at.is_(None), _G.expires_at > now, _G.sid.is_not(None))
    rows = connection.execute(select(_G.sid, _G.account_id, _G.client_id).where(*live).distinct()).all()
    tell_later(connection, [Reached(row.sid, row.account_id, row.client_id) for row in rows], entropy=entropy, now=now)
    return len(rows)


def _listening(connection: Connection, algorithm: str) -> list[str]:
    """Name the clients that are in service, get ID tokens of the algorithm, and listen on the back channel."""
    rows = connection.execute(select(_R.client_id, _R.metadata).where(_R.disabled_at.is_(None))).all()
    clients = [decode_client(row.client_id, row.metadata, [], None) for row in rows]
    return [one.client_id for one in clients if one.backchannel_logout_uri and one.id_token_alg == algorithm]
