"""A new e-mail address on its way: asked for, mailed a code, confirmed by it, once.

Invariant: this and nothing else makes an address count as confirmed after an account was added (T85). Only the newest
change of an account is open; its code holds for ten minutes from sending, for the session that asked, and of all
requests that present it one succeeds (compare-and-swap on the row).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, Select, insert, select, update

from idp.accounts.identifiers import canonical
from idp.accounts.models import ACCOUNTS, EMAIL_CHANGES
from idp.storage.handles import Entropy, new_id

UNSENT_SECONDS = 7200.0
"""How long a change waits for a mail server that is away."""

SENT_SECONDS = 600.0
"""How long a code holds, from sending."""

DOUBTED_SECONDS = 7 * 86_400.0
"""For so long after a change the owner of the old address may still say that it was not theirs."""

_C = EMAIL_CHANGES.c


class EmailChangeUnknown(LookupError):
    """No such change: never asked for, replaced by a newer one, used, over, or not with this code or session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChange:
    """A change that is open, or was confirmed; instants are seconds since the epoch."""

    id: str
    account_id: str
    sid: str
    address: str
    former: str | None
    code_tag: bytes | None = field(repr=False)
    requested_at: float
    expires_at: float


_ALL = [_C[name] for name in EmailChange.__dataclass_fields__]


def ask_change(
    connection: Connection, *, account_id: str, sid: str, address: str, former: str | None, entropy: Entropy, now: float
) -> EmailChange:
    """Write down that a person wants another address; whatever they asked for before is void."""
    void_changes(connection, account_id=account_id, now=now)
    change = EmailChange(
        id=new_id(entropy),
        account_id=account_id,
        sid=sid,
        address=address,
        former=former,
        code_tag=None,
        requested_at=now,
        expires_at=now + UNSENT_SECONDS,
    )
    connection.execute(insert(EMAIL_CHANGES).values({name: getattr(change, name) for name in _NAMES}))
    return change


def open_change(connection: Connection, *, account_id: str, sid: str, now: float) -> EmailChange | None:
    """Give the change that this session of the account has asked for and not yet confirmed."""
    return _one(connection, _open(now).where(_C.account_id == account_id, _C.sid == sid))


def find_change(connection: Connection, *, change_id: str, now: float) -> EmailChange:
    """Give an open change by its id.

    Raises:
        EmailChangeUnknown: there is none.
    """
    change = _one(connection, _open(now).where(_C.id == change_id))
    if change is None:
        raise EmailChangeUnknown(change_id)
    return change


def arm_change(connection: Connection, *, change: EmailChange, code_tag: bytes, now: float) -> None:
    """Store the tag of the code that is about to be mailed; a code that was mailed before is void.

    Raises:
        EmailChangeUnknown: it ended meanwhile.
    """
    armed = (
        update(EMAIL_CHANGES)
        .where(_C.id == change.id, _C.ended_at.is_(None))
        .values(code_tag=code_tag, expires_at=now + SENT_SECONDS)
        .returning(_C.id)
    )
    if connection.execute(armed).one_or_none() is None:
        raise EmailChangeUnknown(change.id)


def confirm_change(connection: Connection, *, change_id: str, sid: str, code_tag: bytes, now: float) -> EmailChange:
    """Use up the code, and give the account its new address.

    Raises:
        EmailChangeUnknown: see there; also when the address has become somebody else's user ID.
    """
    confirmed = (
        update(EMAIL_CHANGES)
        .where(
            _C.id == change_id,
            _C.sid == sid,
            _C.code_tag == code_tag,
            _C.ended_at.is_(None),
            _C.expires_at > now,
        )
        .values(ended_at=now, confirmed_at=now, code_tag=None)
        .returning(*_ALL)
    )
    row = connection.execute(confirmed).one_or_none()
    if row is None or is_taken(connection, address=row.address, account_id=row.account_id):
        raise EmailChangeUnknown(change_id)
    set_confirmed_address(connection, account_id=row.account_id, address=row.address, now=now)
    return _change(row)


def set_confirmed_address(connection: Connection, *, account_id: str, address: str, now: float) -> None:
    """Give an account an address that has been proved to be its owner's: by a code, or to support."""
    connection.execute(
        update(ACCOUNTS)
        .where(ACCOUNTS.c.id == account_id)
        .values(email=address, email_key=canonical(address), email_verified=True, updated_at=now)
    )


def is_taken(connection: Connection, *, address: str, account_id: str) -> bool:
    """Whether an address is the user ID of another account: nobody sits on another's name."""
    taken = select(ACCOUNTS.c.id).where(ACCOUNTS.c.user_id_key == canonical(address), ACCOUNTS.c.id != account_id)
    return connection.execute(taken.limit(1)).first() is not None


def void_changes(connection: Connection, *, account_id: str, now: float) -> None:
    """End every open change of an account."""
    connection.execute(
        update(EMAIL_CHANGES)
        .where(_C.account_id == account_id, _C.ended_at.is_(None))
        .values(ended_at=now, code_tag=None)
    )


def doubt_latest_address(connection: Connection, *, account_id: str, now: float) -> list[str]:
    """Let an address that was confirmed in the last seven days not count as confirmed any more.

    Whoever locks an account down may be the owner of the address before: no way back may lead through the new one.
    Gives the addresses before it.
    """
    recent = select(_C.former).where(_C.account_id == account_id, _C.confirmed_at > now - DOUBTED_SECONDS)
    rows = connection.execute(recent.order_by(_C.confirmed_at)).all()
    if rows:
        connection.execute(
            update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(email_verified=False, updated_at=now)
        )
    return [row.former for row in rows if row.former]


_NAMES = tuple(EmailChange.__dataclass_fields__)


def _open(now: float) -> Select[*tuple[object, ...]]:
    return select(*_ALL).where(_C.ended_at.is_(None), _C.expires_at > now)


def _one(connection: Connection, question: Select[*tuple[object, ...]]) -> EmailChange | None:
    row = connection.execute(question.order_by(_C.requested_at.desc()).limit(1)).one_or_none()
    return None if row is None else _change(row)


def _change(row: Row[*tuple[object, ...]]) -> EmailChange:
    return EmailChange(**row._asdict())
