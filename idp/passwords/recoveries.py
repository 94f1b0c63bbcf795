"""Ways back to a forgotten password or user ID, each used once: asked for, mailed, proved, ended.

Invariant: of all requests that present the same code, link or pass, one succeeds (compare-and-swap on the row). Mailing
one makes every other of the same account void. What was mailed ends with any change of the password. A pass exists only
where `prove` has made it, so that no page is reached without what was mailed (CVE-2026-18963 was a note in a session).
That a second factor was shown stands beside the pass, in the same row: it is the pass of this one recovery that it adds
to, and of no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Row, Select, select, update

from idp.passwords.models import RECOVERIES
from idp.storage.inserts import insert_for

UNSENT_SECONDS = 7200.0
"""How long a request waits for a mail server that is away."""

SENT_SECONDS = 600.0
"""How long a code or link holds, from sending."""

PROVED_SECONDS = 900.0
"""How long somebody who has proved themselves may take to choose a password."""

_C = RECOVERIES.c


class Purpose(StrEnum):
    """What was forgotten."""

    PASSWORD = "password"
    USER_ID = "user_id"


class AlreadyAsked(Exception):
    """This very form was sent before."""


class RecoveryUnknown(LookupError):
    """No such recovery: never asked for, used, void, over, or not with what was presented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecovery:
    """A recovery that has not ended; `account_id` and `address` are None when it is nobody's.

    `factor_proved_at` and what follows it: see `models.Recovery`.
    """

    id: str
    purpose: Purpose
    counter_key: str
    account_id: str | None
    address: str | None
    journey_id: str | None
    browser_digest: bytes = field(repr=False)
    link_digest: bytes | None = field(repr=False)
    pass_digest: bytes | None = field(repr=False)
    expires_at: float
    factor_proved_at: float | None = None
    factor_way: str | None = None
    factor_id: str | None = None


def ask(
    connection: Connection,
    *,
    recovery_id: str,
    purpose: Purpose,
    account_id: str | None,
    address: str | None,
    journey_id: str | None,
    counter_key: str,
    browser_digest: bytes,
    now: float,
) -> None:
    """Write down that somebody asks.

    Raises:
        AlreadyAsked: under the same id, by sending the form twice.
    """
    row = {
        "id": recovery_id,
        "purpose": purpose.value,
        "account_id": account_id,
        "address": address,
        "journey_id": journey_id,
        "counter_key": counter_key,
        "browser_digest": browser_digest,
        "requested_at": now,
        "expires_at": now + UNSENT_SECONDS,
    }
    written = insert_for(connection.dialect.name)(RECOVERIES).values(row).on_conflict_do_nothing().returning(_C.id)
    if connection.execute(written).one_or_none() is None:
        raise AlreadyAsked(recovery_id)


def find_open(connection: Connection, *, recovery_id: str, now: float) -> OpenRecovery:
    """Give a recovery by its id.

    Raises:
        RecoveryUnknown: there is none that is open.
    """
    return _one(connection, _open(now).where(_C.id == recovery_id))


def find_by_link(connection: Connection, *, link_digest: bytes, now: float) -> OpenRecovery:
    """Give the recovery that a mailed link belongs to.

    Raises:
        RecoveryUnknown: there is none that is open.
    """
    return _one(connection, _open(now).where(_C.link_digest == link_digest))


def arm(
    connection: Connection, *, recovery: OpenRecovery, link_digest: bytes | None, code_tag: bytes, now: float
) -> None:
    """Store what is about to be mailed; whatever was mailed for the same account or address before becomes void.

    Raises:
        RecoveryUnknown: it ended or was proved meanwhile.
    """
    same = _C.account_id == recovery.account_id if recovery.account_id else _C.address == recovery.address
    # Held in one order, so that two couriers do not wait for each other.
    connection.execute(select(_C.id).where(same, _C.ended_at.is_(None)).order_by(_C.id).with_for_update())
    connection.execute(
        update(RECOVERIES)
        .where(same, _C.id != recovery.id, _C.ended_at.is_(None))
        .values(link_digest=None, code_tag=None)
    )
    armed = (
        update(RECOVERIES)
        .where(_C.id == recovery.id, _C.ended_at.is_(None), _C.proved_at.is_(None))
        .values(link_digest=link_digest, code_tag=code_tag, expires_at=now + SENT_SECONDS)
        .returning(_C.id)
    )
    if connection.execute(armed).one_or_none() is None:
        raise RecoveryUnknown(recovery.id)


def prove(
    connection: Connection, *, recovery_id: str, mailed: ColumnElement[bool], pass_digest: bytes, now: float
) -> None:
    """Use up what was mailed (`mailed_code` or `mailed_link` says which), and let its holder go on with a pass.

    Raises:
        RecoveryUnknown: it is not what was mailed last, or it was used, or its time is over.
    """
    proved = (
        update(RECOVERIES)
        .where(_C.id == recovery_id, mailed, _C.ended_at.is_(None), _C.proved_at.is_(None), _C.expires_at > now)
        .values(
            link_digest=None,
            code_tag=None,
            pass_digest=pass_digest,
            proved_at=now,
            expires_at=now + PROVED_SECONDS,
        )
        .returning(_C.id)
    )
    if connection.execute(proved).one_or_none() is None:
        raise RecoveryUnknown(recovery_id)


def mailed_code(code_tag: bytes) -> ColumnElement[bool]:
    """Give the condition that this code was mailed."""
    return _C.code_tag == code_tag


def mailed_link(link_digest: bytes) -> ColumnElement[bool]:
    """Give the condition that this link was mailed."""
    return _C.link_digest == link_digest


def note_factor_proved(
    connection: Connection,
    *,
    recovery_id: str,
    pass_digest: bytes,
    account_id: str,
    way: str,
    factor_id: str | None,
    now: float,
) -> None:
    """Note that the holder of a pass has shown a second factor too; in the transaction that verified it.

    Raises:
        RecoveryUnknown: the pass was used, made void, is over, or is for another account.
    """
    noted = (
        update(RECOVERIES)
        .where(
            _C.id == recovery_id,
            _C.pass_digest == pass_digest,
            _C.account_id == account_id,
            _C.proved_at <= now,
            _C.ended_at.is_(None),
            _C.expires_at > now,
        )
        .values(factor_proved_at=now, factor_way=way, factor_id=factor_id)
        .returning(_C.id)
    )
    if connection.execute(noted).one_or_none() is None:
        raise RecoveryUnknown(recovery_id)


def end_with_pass(connection: Connection, *, recovery_id: str, pass_digest: bytes, now: float) -> OpenRecovery:
    """Use up a pass, in the transaction of what it pays for.

    Raises:
        RecoveryUnknown: it was used, made void, or its time is over.
    """
    ended = (
        update(RECOVERIES)
        .where(_C.id == recovery_id, _C.pass_digest == pass_digest, _C.ended_at.is_(None), _C.expires_at > now)
        .values(ended_at=now)
        .returning(*_COLUMNS)
    )
    row = connection.execute(ended).one_or_none()
    if row is None:
        raise RecoveryUnknown(recovery_id)
    return _recovery(row)


def hold_recoveries(connection: Connection, *, account_id: str) -> None:
    """Let nobody else end a recovery of an account until this transaction is over.

    Call it before ending one and voiding the others, so that two who do both wait for each other in turn.
    """
    mine = select(_C.id).where(_C.account_id == account_id, _C.ended_at.is_(None))
    connection.execute(mine.order_by(_C.id).with_for_update())


def void_recoveries(connection: Connection, *, account_id: str, now: float) -> None:
    """End every recovery of an account."""
    connection.execute(
        update(RECOVERIES).where(_C.account_id == account_id, _C.ended_at.is_(None)).values(ended_at=now)
    )


_COLUMNS = [_C[name] for name in OpenRecovery.__dataclass_fields__]


def _open(now: float) -> Select[*tuple[object, ...]]:
    return select(*_COLUMNS).where(_C.ended_at.is_(None), _C.expires_at > now)


def _one(connection: Connection, question: Select[*tuple[object, ...]]) -> OpenRecovery:
    row = connection.execute(question).one_or_none()
    if row is None:
        raise RecoveryUnknown
    return _recovery(row)


def _recovery(row: Row[*tuple[object, ...]]) -> OpenRecovery:
    values = dict(row._mapping)  # noqa: SLF001 - a public name
    return OpenRecovery(**values | {"purpose": Purpose(values["purpose"])})
