"""Browsers in which an account need not show its second factor again for thirty days.

Invariant: only the digest of a browser's handle is stored, and a handle is always made here: one that the browser
brought along may be a stranger's who waits for it to become worth something. Being remembered raises no level
(`policy.py`); every change of a password or factor forgets all of an account's browsers.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from idp.mfa.models import REMEMBERED
from idp.mfa.standing import is_remembered
from idp.storage.handles import Entropy, digest, new_handle

REMEMBERED_SECONDS = 30 * 86_400.0
_C = REMEMBERED.c


def remember(
    connection: Connection,
    *,
    account_id: str,
    brought_digest: bytes | None,
    user_agent_label: str | None,
    entropy: Entropy,
    now: float,
) -> str:
    """Remember that this browser has shown the account's factor; gives the new handle for its cookie.

    `brought_digest` is that of the cookie it has sent: other accounts that are remembered in it stay so, under the new
    handle.
    """
    handle = new_handle(entropy)
    if brought_digest is not None:
        connection.execute(delete(REMEMBERED).where(_C.handle_digest == brought_digest, _C.account_id == account_id))
        connection.execute(
            update(REMEMBERED)
            .where(_C.handle_digest == brought_digest, _C.expires_at > now)
            .values(handle_digest=digest(handle))
        )
    row = {
        "handle_digest": digest(handle),
        "account_id": account_id,
        "created_at": now,
        "expires_at": now + REMEMBERED_SECONDS,
        "user_agent_label": user_agent_label[:120] if user_agent_label else None,
    }
    connection.execute(insert(REMEMBERED).values(row))
    return handle


def is_remembered_here(connection: Connection, *, account_id: str, handle_digest: bytes | None, now: float) -> bool:
    """Whether the browser that sent this handle is one in which the account's factor is remembered."""
    asked = select(is_remembered(bindparam("remembered_account_id", account_id)))
    return bool(connection.execute(asked, {"remembered_digest": handle_digest, "now": now}).scalar_one())


def forget_remembered(connection: Connection, *, account_id: str) -> int:
    """Forget every browser of an account; gives how many there were."""
    return connection.execute(delete(REMEMBERED).where(_C.account_id == account_id)).rowcount


def count_remembered(connection: Connection, *, account_id: str, now: float) -> int:
    """Count the browsers in which an account's factor is remembered now."""
    rows = connection.execute(select(_C.handle_digest).where(_C.account_id == account_id, _C.expires_at > now))
    return len(rows.all())
