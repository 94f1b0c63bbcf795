"""Tell the owner of a sign-in in a browser that is new for the account, in the statement that opens the session.

Invariant: the very first sign-in of an account tells nobody, every later one in another browser does, also one that
calls its device a shared one: a thief could tick that box. The first of a day are told at once, each by a mail of its
own; once a day has had `AT_ONCE` new browsers, whatever else comes within an hour is told by one mail at its end, so
that no flood of sign-ins is a flood of mail, and none goes untold (decision 43). Whether the owner wants such mails is
asked when they are sent (`write_mail`). Decision 8: the notice costs a first sign-in no statement of its own.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from typing import Any, TypedDict

from sqlalchemy import (
    ColumnElement,
    Double,
    Exists,
    LargeBinary,
    Select,
    String,
    Table,
    bindparam,
    case,
    cast,
    exists,
    or_,
    select,
)
from sqlalchemy import literal_column as literal

from idp.accounts.models import ACCOUNTS
from idp.acts.tell_owner import WORTH_SECONDS, Notice, asked_by
from idp.acts.visitor import Visitor
from idp.delivery.models import OUTBOX
from idp.delivery.outbox import WAITING
from idp.lockout.models import KNOWN
from idp.lockout.statements import Insert, insert_for
from idp.sessions.models import SESSIONS
from idp.storage.handles import Entropy, new_id

AT_ONCE = 5
"""So many new browsers of an account, and so many shared ones, are told one by one within a day."""
DAY = 86_400.0
HOUR = 3_600.0
LATE = 60.0
"""A summary waits so much longer than its hour: a sign-in of its last moment may still be on its way to the disk."""


class NewDeviceParameters(TypedDict):
    """What `tell_of_new_device` binds, beside what `remember_device` does."""

    notice_row: str
    notice_payload: dict[str, Any]
    summary_row: str
    summary_at: float


def new_device_parameters(visitor: Visitor, *, account_id: str, now: float, entropy: Entropy) -> NewDeviceParameters:
    """Give the values that `tell_of_new_device` binds."""
    payload = {"account_id": account_id, "asked": asked_by(visitor, now=now), "words": {}}
    hour = now // HOUR
    return {
        "notice_row": new_id(entropy),
        "notice_payload": payload,
        "summary_row": _row_of_summary(account_id, int(hour)),
        "summary_at": (hour + 1) * HOUR + LATE,
    }


@cache
def tell_of_new_device(dialect: str) -> Insert:
    """Give the statement that puts the notice into the outbox, if one is due; before `remember_device`, or beside it.

    It reads what was there before the statement: as a CTE it sees neither the session nor the browser being written.
    A summary is there once for its hour, whoever comes at the same moment; it tells of the first sign-in, and its
    `created_at` is when it is to go, so that nobody takes its wait for a backlog.
    """
    account_id = bindparam("device_account_id", type_=String)
    payload: ColumnElement[Any] = bindparam("notice_payload", type_=OUTBOX.c.payload.type)
    now: ColumnElement[float] = bindparam("device_at", type_=Double)
    later: ColumnElement[float] = bindparam("summary_at", type_=Double)
    row: ColumnElement[str] = bindparam("notice_row", type_=String)
    summary: ColumnElement[str] = bindparam("summary_row", type_=String)
    if dialect == "postgresql":
        # It can't tell the type of a bare parameter in a select; SQLite would make numbers of what is cast to JSON.
        payload, now, later = cast(payload, OUTBOX.c.payload.type), cast(now, Double), cast(later, Double)
        row, summary = cast(row, String), cast(summary, String)
    many = _many_today(account_id, now)
    at = case((many, later), else_=now)
    values: dict[str, ColumnElement[Any]] = {
        "id": case((many, summary), else_=row),
        "kind": case((many, _text(Notice.NEW_DEVICES)), else_=_text(Notice.NEW_DEVICE)),
        "recipient": ACCOUNTS.c.email,
        "language": _text("en"),
        "payload": payload,
        "created_at": at,
        "due_at": at,
        "give_up_at": at + literal(repr(WORTH_SECONDS), Double),
        "state": _text(WAITING),
        **{name: literal("0") for name in ("attempts", "doubts", "faults")},
    }
    due = (
        select(*values.values())
        .select_from(ACCOUNTS)
        .where(ACCOUNTS.c.id == account_id, ACCOUNTS.c.email.is_not(None), ~_known_here(), _signed_in_before())
    )
    return insert_for(dialect)(OUTBOX).from_select(list(values), due).on_conflict_do_nothing(index_elements=["id"])


def _row_of_summary(account_id: str, hour: int) -> str:
    """Name the one summary of an account's hour, as long as other ids are."""
    made = sha256(f"new devices {account_id} {hour}".encode()).digest()
    return urlsafe_b64encode(made[:16]).rstrip(b"=").decode()


def _text(value: str) -> ColumnElement[str]:
    return literal(f"'{value}'", String)


def _known_here() -> ColumnElement[bool]:
    """Whether this browser's row is there; a browser without a handle has none."""
    digest = cast(bindparam("device_handle_digest", type_=LargeBinary), LargeBinary)
    return exists(literal("1")).where(KNOWN.c.handle_digest == digest, KNOWN.c.account_id == ACCOUNTS.c.id)


def _signed_in_before() -> ColumnElement[bool]:
    return or_(
        exists(literal("1")).where(KNOWN.c.account_id == ACCOUNTS.c.id),
        exists(literal("1")).where(SESSIONS.c.account_id == ACCOUNTS.c.id),
    )


def _many_today(account_id: ColumnElement[str], now: ColumnElement[float]) -> ColumnElement[bool]:
    """Whether the day has had its share of new browsers; those called shared are known by their sessions alone."""
    return or_(
        _as_many(KNOWN, KNOWN.c.account_id == account_id, KNOWN.c.created_at > now - literal(repr(DAY), Double)),
        _as_many(
            SESSIONS,
            SESSIONS.c.account_id == account_id,
            SESSIONS.c.created_at > now - literal(repr(DAY), Double),
            SESSIONS.c.shared_device,
        ),
    )


def _as_many(table: Table, *conditions: ColumnElement[bool]) -> Exists:
    """Whether there are `AT_ONCE` such rows; more are not looked at."""
    rows: Select[Any] = select(literal("1")).select_from(table).where(*conditions)
    return rows.offset(literal(str(AT_ONCE - 1))).limit(literal("1")).exists()
