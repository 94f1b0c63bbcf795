"""Reading and writing calls to the support desk.

Invariant: an account has one call code at most, the newest; of all requests that present it one succeeds (compare-and-
swap on the row). A verified call is good in the session of the agent to whom it was proved, for its account, until
`expires_at`; nothing else makes one than a code that was spent in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, or_, select, update

from idp.storage.call_models import CALLS, CODES
from idp.storage.handles import Entropy, new_id
from idp.storage.inserts import insert_for

CODE_SECONDS: Final = 600.0
"""How long a code holds, from when it was shown or mailed."""

UNSENT_SECONDS: Final = 600.0
"""How long a code waits for a mail server that is away: no call lasts longer."""

CALL_SECONDS: Final = 1800.0
"""How long an agent may act for a caller who has proved themselves."""

_CODE, _CALL = CODES.c, CALLS.c


class Way(StrEnum):
    """How a call code came to the person: shown in a session of theirs, or mailed to a verified address."""

    SESSION = "session"
    MAIL = "mail"


class CallCodeUnknown(LookupError):
    """No such code: never made, spent, over, replaced by a newer one, or asked for in another agent's session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCall:
    """A caller who has proved that an account is theirs; instants in seconds."""

    desk_sid: str
    account_id: str
    agent_id: str
    way: str
    verified_at: float
    expires_at: float


def ask_call_code(
    connection: Connection, *, account_id: str, way: Way, desk_sid: str | None = None, entropy: Entropy, now: float
) -> str:
    """Write down that a code is wanted; one from before becomes void. Gives its id."""
    code_id = new_id(entropy)
    row: dict[str, Any] = {
        "account_id": account_id,
        "id": code_id,
        "way": way.value,
        "made_at": now,
        "expires_at": now + UNSENT_SECONDS,
        "desk_sid": desk_sid,
        "code_tag": None,
    }
    insert = insert_for(connection.dialect.name)(CODES).values(row)
    connection.execute(insert.on_conflict_do_update(index_elements=["account_id"], set_=row))
    return code_id


def arm_call_code(connection: Connection, *, account_id: str, code_id: str, code_tag: bytes, now: float) -> None:
    """Store the tag of the code that is about to be shown or mailed: its ten minutes begin.

    Raises:
        CallCodeUnknown: see there.
    """
    armed = (
        update(CODES)
        .where(_CODE.account_id == account_id, _CODE.id == code_id, _CODE.expires_at > now)
        .values(code_tag=code_tag, expires_at=now + CODE_SECONDS)
        .returning(_CODE.id)
    )
    if connection.execute(armed).one_or_none() is None:
        raise CallCodeUnknown(code_id)


def open_call_code(connection: Connection, *, account_id: str, now: float) -> str | None:
    """Give the id of the code that an account has and that is not over."""
    found = select(_CODE.id).where(_CODE.account_id == account_id, _CODE.expires_at > now)
    return connection.execute(found).scalar_one_or_none()


def spend_call_code(
    connection: Connection, *, account_id: str, code_id: str, code_tag: bytes, desk_sid: str, now: float
) -> Way:
    """Use a code up, and say how it had come to the person.

    Raises:
        CallCodeUnknown: see there; also when it is another code.
    """
    spent = (
        update(CODES)
        .where(
            _CODE.account_id == account_id,
            _CODE.id == code_id,
            _CODE.code_tag == code_tag,
            _CODE.expires_at > now,
            or_(_CODE.desk_sid.is_(None), _CODE.desk_sid == desk_sid),
        )
        .values(code_tag=None, expires_at=now)
        .returning(_CODE.way)
    )
    way = connection.execute(spent).scalar_one_or_none()
    if way is None:
        raise CallCodeUnknown(code_id)
    return Way(way)


def note_verified(
    connection: Connection, *, desk_sid: str, account_id: str, agent_id: str, way: Way, now: float
) -> VerifiedCall:
    """Write down that a caller has proved themselves to an agent."""
    call = VerifiedCall(
        desk_sid=desk_sid,
        account_id=account_id,
        agent_id=agent_id,
        way=way.value,
        verified_at=now,
        expires_at=now + CALL_SECONDS,
    )
    row = {name: getattr(call, name) for name in _COLUMNS}
    insert = insert_for(connection.dialect.name)(CALLS).values(row)
    connection.execute(insert.on_conflict_do_update(index_elements=["desk_sid", "account_id"], set_=row))
    return call


def verified_call(
    connection: Connection, *, desk_sid: str, account_id: str, now: float, hold: bool = False
) -> VerifiedCall | None:
    """Give the caller of this account who is verified in this agent's session; `hold` until the transaction ends."""
    found = select(CALLS).where(_CALL.desk_sid == desk_sid, _CALL.account_id == account_id, _CALL.expires_at > now)
    row = connection.execute(found.with_for_update() if hold else found).mappings().one_or_none()
    return None if row is None else _call(row)


def verified_calls(connection: Connection, *, desk_sid: str, now: float) -> list[VerifiedCall]:
    """Give every caller who is verified in this agent's session, the latest first."""
    found = select(CALLS).where(_CALL.desk_sid == desk_sid, _CALL.expires_at > now)
    return [_call(row) for row in connection.execute(found.order_by(_CALL.verified_at.desc())).mappings()]


def end_call(connection: Connection, *, desk_sid: str, account_id: str) -> bool:
    """Forget that a caller was verified; false when nobody was."""
    ended = delete(CALLS).where(_CALL.desk_sid == desk_sid, _CALL.account_id == account_id)
    return connection.execute(ended).rowcount == 1


def forget_calls(connection: Connection, *, account_id: str | None = None) -> int:
    """Forget every code and verified call: of one account, or all that there are. Gives how many there were."""
    codes, calls = delete(CODES), delete(CALLS)
    if account_id is not None:
        codes, calls = codes.where(_CODE.account_id == account_id), calls.where(_CALL.account_id == account_id)
    return connection.execute(codes).rowcount + connection.execute(calls).rowcount


_COLUMNS = tuple(field.name for field in fields(VerifiedCall))


def _call(row: RowMapping) -> VerifiedCall:
    return VerifiedCall(**{name: row[name] for name in _COLUMNS})
