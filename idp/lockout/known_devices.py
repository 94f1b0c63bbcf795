"""The browsers that an account has signed in with (OWASP device cookies): strangers' guesses never lock these.

A browser has one handle in its cookie for all accounts, and one row for each. A row is written in the statement that
opens a session, and anew at most once a day; it satisfies no factor and opens nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypedDict

from sqlalchemy import Connection, Double, LargeBinary, String, bindparam, cast, select

from idp.lockout.models import KNOWN
from idp.lockout.policy import KNOWN_DEVICE_RENEWED, KNOWN_DEVICE_SECONDS
from idp.lockout.statements import Insert, fixed, insert_for
from idp.storage.handles import Entropy, new_id


class DeviceParameters(TypedDict):
    """What `remember_device` binds."""

    device_row: str
    device_handle_digest: bytes | None
    device_account_id: str
    device_at: float


def known_device(connection: Connection, *, handle_digest: bytes | None, account_id: str, now: float) -> str | None:
    """Give the row of a browser that an account is known in, None where it is not."""
    return connection.execute(
        select(KNOWN.c.id).where(
            KNOWN.c.handle_digest == (handle_digest or b""), KNOWN.c.account_id == account_id, KNOWN.c.expires_at > now
        )
    ).scalar_one_or_none()


def device_parameters(
    *, handle_digest: bytes | None, account_id: str, now: float, entropy: Entropy
) -> DeviceParameters:
    """Give the values that `remember_device` binds; without `handle_digest` it writes nothing."""
    return {
        "device_row": new_id(entropy),
        "device_handle_digest": handle_digest,
        "device_account_id": account_id,
        "device_at": now,
    }


@cache
def remember_device(dialect: str) -> Insert:
    """Give the statement that makes a browser known for an account, alone or as a CTE of another."""
    now = bindparam("device_at", type_=Double)
    # Cast: PostgreSQL can't tell the type of a bare parameter that is null.
    digest = cast(bindparam("device_handle_digest", type_=LargeBinary), LargeBinary)
    until = now + fixed(KNOWN_DEVICE_SECONDS)
    row: dict[str, Any] = {
        "id": bindparam("device_row", type_=String),
        "handle_digest": digest,
        "account_id": bindparam("device_account_id", type_=String),
        "created_at": now,
        "seen_at": now,
        "expires_at": until,
    }
    return (
        insert_for(dialect)(KNOWN)
        .from_select(list(row), select(*row.values()).where(digest.is_not(None)))
        .on_conflict_do_update(
            index_elements=["handle_digest", "account_id"],
            set_={"seen_at": now, "expires_at": until},
            where=(KNOWN.c.seen_at <= now - fixed(KNOWN_DEVICE_RENEWED)) | (KNOWN.c.seen_at > now),
        )
    )
