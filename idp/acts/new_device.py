"""Tell the owner of a sign-in in a browser that is new for the account, in the statement that opens the session.

Invariant: the very first sign-in of an account tells nobody, every later one in another browser does, also one that
calls its device a shared one: a thief could tick that box. Whether the owner wants such mails is asked when they are
sent (`write_mail`). Decision 8: the notice costs a first sign-in no statement of its own.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Double, Insert, LargeBinary, String, bindparam, cast, exists, insert, or_, select
from sqlalchemy import literal_column as literal

from idp.accounts.models import ACCOUNTS
from idp.acts.tell_owner import WORTH_SECONDS, Notice, asked_by
from idp.acts.visitor import Visitor
from idp.delivery.models import OUTBOX
from idp.delivery.outbox import WAITING
from idp.lockout.models import KNOWN
from idp.sessions.models import SESSIONS
from idp.storage.handles import Entropy, new_id


class NewDeviceParameters(TypedDict):
    """What `tell_of_new_device` binds, beside what `remember_device` does."""

    notice_row: str
    notice_payload: dict[str, Any]


def new_device_parameters(visitor: Visitor, *, account_id: str, now: float, entropy: Entropy) -> NewDeviceParameters:
    """Give the values that `tell_of_new_device` binds."""
    payload = {"account_id": account_id, "asked": asked_by(visitor, now=now), "words": {}}
    return {"notice_row": new_id(entropy), "notice_payload": payload}


@cache
def tell_of_new_device(dialect: str) -> Insert:
    """Give the statement that puts the notice into the outbox, if one is due; before `remember_device`, or beside it.

    It reads what was there before the statement: as a CTE it sees neither the session nor the browser being written.
    """
    account_id = bindparam("device_account_id", type_=String)
    payload: ColumnElement[Any] = bindparam("notice_payload", type_=OUTBOX.c.payload.type)
    now: ColumnElement[float] = bindparam("device_at", type_=Double)
    row: ColumnElement[str] = bindparam("notice_row", type_=String)
    if dialect == "postgresql":
        # It can't tell the type of a bare parameter in a select; SQLite would make numbers of what is cast to JSON.
        payload, now, row = cast(payload, OUTBOX.c.payload.type), cast(now, Double), cast(row, String)
    values: dict[str, ColumnElement[Any]] = {
        "id": row,
        "kind": literal(f"'{Notice.NEW_DEVICE.value}'", String),
        "recipient": ACCOUNTS.c.email,
        "language": literal("'en'", String),
        "payload": payload,
        "created_at": now,
        "due_at": now,
        "give_up_at": now + literal(repr(WORTH_SECONDS), Double),
        "state": literal(f"'{WAITING}'", String),
        **{name: literal("0") for name in ("attempts", "doubts", "faults")},
    }
    due = (
        select(*values.values())
        .select_from(ACCOUNTS)
        .where(ACCOUNTS.c.id == account_id, ACCOUNTS.c.email.is_not(None), ~_known_here(), _signed_in_before())
    )
    return insert(OUTBOX).from_select(list(values), due)


def _known_here() -> ColumnElement[bool]:
    """Whether this browser's row is there; a browser without a handle has none."""
    digest = cast(bindparam("device_handle_digest", type_=LargeBinary), LargeBinary)
    return exists(literal("1")).where(KNOWN.c.handle_digest == digest, KNOWN.c.account_id == ACCOUNTS.c.id)


def _signed_in_before() -> ColumnElement[bool]:
    return or_(
        exists(literal("1")).where(KNOWN.c.account_id == ACCOUNTS.c.id),
        exists(literal("1")).where(SESSIONS.c.account_id == ACCOUNTS.c.id),
    )
