"""The SQL of a sign-in: one statement before the password is checked, one after it.

Each spans several chapters' tables: round trips are what a sign-in spends beside its hash (docs/performance.md).
PostgreSQL runs each as one WITH; SQLite, which has no writing inside WITH, runs the same pieces one after the
other. Between the two no transaction is open and no connection held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, String, bindparam, literal_column, select

from idp.accounts.find import id_of_identifier
from idp.accounts.models import ACCOUNTS
from idp.accounts.permissions import permissions_from, permissions_of
from idp.accounts.policy import Kind
from idp.audit.events import Event
from idp.audit.record import insert_ctes, parameters, record
from idp.issuance.models import Consent
from idp.lockout.attempts import attempt_in_one, give_back
from idp.lockout.origin import Origin
from idp.lockout.place_failures import (
    PlaceFailures,
    count_by_place,
    failures_from,
    forgive_by_place,
    forgive_ctes,
    place_columns,
    place_parameters,
)
from idp.lockout.reservation import Reservation, reservation_from
from idp.lockout.reserve import reserve, reserve_parameters, undo_parameters
from idp.mfa.standing import is_remembered, kinds_from, kinds_of
from idp.passwords.credentials import replace_stored_form, still_as_checked
from idp.passwords.hasher import WrongPassword
from idp.passwords.models import CREDENTIALS
from idp.storage.handles import Entropy
from idp.storage.prepared import Prepared

_CONSENTS = Consent.__table__
_RowOfAny = Row[*tuple[Any, ...]]


class PasswordChangedMeanwhile(WrongPassword):
    """While the password was being checked, another one was set: what was checked opens nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The account that answers to what was typed; `password_hash` is None when it has no password."""

    id: str
    user_id: str
    kind: str
    status: str
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A counted attempt; `account` is None when nobody answers to what was typed."""

    reservation: Reservation
    account: Candidate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The standing of an account at the moment its password was found right, and what it allows the client."""

    account_id: str
    kind: str
    status: str
    not_before: float | None
    must_change: bool
    compromised_at: float | None
    locked_down_at: float | None
    consented_scopes: frozenset[str]
    factors: frozenset[str]
    remembered: bool
    permissions: frozenset[str]


def reserve_and_read(
    connection: Connection,
    *,
    identifier: str,
    identifier_key: str,
    origin: Origin,
    worked: bool = False,
    now: float,
) -> Attempt:
    """Count an attempt as failed, and read whom it is about.

    `identifier` is canonical, `identifier_key` its key in lockout for the case that it is nobody's; `worked` whether
    work has paid for the guess. Once this is committed, ask `attempt.reservation.require_admitted()` whether the
    password may be checked.
    """
    if connection.dialect.name == "postgresql":
        bound = {"identifier": identifier, **reserve_parameters(identifier_key, origin, worked=worked, now=now)}
        row = _RESERVE_AND_READ.row(connection, bound)
        reservation = reservation_from(row, origin=origin, worked=worked, now=now)
        return Attempt(reservation=reservation, account=_candidate(row))
    found = connection.execute(_candidates(), {"identifier": identifier}).one_or_none()
    account = None if found is None else _candidate(found)
    reservation = reserve(
        connection,
        account_id=account.id if account else None,
        identifier_key=identifier_key,
        origin=origin,
        worked=worked,
        now=now,
    )
    return Attempt(reservation=reservation, account=account)


def record_success(
    connection: Connection,
    *,
    attempt: Attempt,
    event: Event,
    client_id: str | None,
    new_hash: str | None,
    remembered_digest: bytes | None,
    entropy: Entropy,
) -> SignedIn:
    """Take the count back, store the password's new form (if one was made), write the event, and read the account anew.

    Raises:
        PasswordChangedMeanwhile: let it leave the transaction, which undoes all of this; the attempt stays counted.
        TooManyGuesses: the attempt was never admitted.
    """
    bound = _success_parameters(attempt, client_id, new_hash) | {
        "remembered_digest": remembered_digest,
        "now": event.at,
    }
    if connection.dialect.name == "postgresql":
        row = _RECORD_SUCCESS.row(connection, bound | parameters(event, entropy=entropy))
    else:
        row = connection.execute(_standing(), bound).one_or_none()
        connection.execute(give_back("sqlite", right=True), bound)
        forgive_by_place(connection, attempt.reservation.origin)
        connection.execute(replace_stored_form(), bound)
        record(connection, event, entropy=entropy)
    if row is None:
        raise PasswordChangedMeanwhile
    values = row._asdict()
    read = {
        "consented_scopes": frozenset(row.consented_scopes or ()),
        "factors": kinds_from(row.factors),
        "permissions": permissions_from(row.permissions),
    }
    return SignedIn(**values | read)


def record_failure(
    connection: Connection, *, event: Event, entropy: Entropy, counted_at: Origin | None = None
) -> PlaceFailures:
    """Write the event of an attempt that was refused or wrong; it stays counted.

    With `counted_at` it is counted for that place as well, once for each pair of browser and name.
    """
    if counted_at is None:
        record(connection, event, entropy=entropy)
        return PlaceFailures()
    if connection.dialect.name == "postgresql":
        bound = place_parameters(counted_at) | parameters(event, entropy=entropy)
        return failures_from(_RECORD_FAILURE.row(connection, bound))
    record(connection, event, entropy=entropy)
    return count_by_place(connection, counted_at)


def _success_parameters(attempt: Attempt, client_id: str | None, new_hash: str | None) -> dict[str, Any]:
    if attempt.account is None or attempt.account.password_hash is None:
        raise WrongPassword
    return {
        **undo_parameters(attempt.reservation),
        "checked_account_id": attempt.account.id,
        "checked_hash": attempt.account.password_hash,
        "new_hash": new_hash,
        "client_id": client_id,
    }


def _candidates() -> Select[*tuple[Any, ...]]:
    account, identifier = ACCOUNTS.c, bindparam("identifier", type_=String)
    return (
        select(account.id, account.user_id, account.kind, account.status, CREDENTIALS.c.hash.label("password_hash"))
        .select_from(ACCOUNTS.outerjoin(CREDENTIALS, (CREDENTIALS.c.account_id == account.id) & _takes_passwords()))
        .where(account.id == id_of_identifier(identifier))
    )


def _takes_passwords() -> ColumnElement[bool]:
    """Staff sign in by passkey alone: whatever stands in a row of theirs, a password opens nothing."""
    return ACCOUNTS.c.kind != literal_column(f"'{Kind.STAFF.value}'")


_RESERVE_AND_READ = Prepared(lambda: attempt_in_one(_candidates().cte("found")))


def _candidate(row: _RowOfAny) -> Candidate | None:
    if row.id is None:
        return None
    return Candidate(id=row.id, user_id=row.user_id, kind=row.kind, status=row.status, password_hash=row.password_hash)


@cache
def _standing() -> Select[*tuple[Any, ...]]:
    account, credential = ACCOUNTS.c, CREDENTIALS.c
    consented = (
        select(_CONSENTS.c.scopes)
        .where(
            _CONSENTS.c.account_id == account.id,
            _CONSENTS.c.client_id == bindparam("client_id", type_=String),
            _CONSENTS.c.withdrawn_at.is_(None),
        )
        .scalar_subquery()
    )
    return (
        select(
            account.id.label("account_id"),
            account.kind,
            account.status,
            account.not_before,
            credential.must_change,
            credential.compromised_at,
            account.locked_down_at,
            consented.label("consented_scopes"),
            kinds_of(account.id).label("factors"),
            is_remembered(account.id).label("remembered"),
            permissions_of(account.id).label("permissions"),
        )
        .select_from(ACCOUNTS.join(CREDENTIALS, credential.account_id == account.id))
        .where(still_as_checked())
    )


def _record_success() -> Select[*tuple[Any, ...]]:
    given_back = give_back("postgresql", right=True).cte("given_back")
    rehashed = replace_stored_form().cte("rehashed")
    return _standing().add_cte(given_back, *forgive_ctes(), rehashed, *insert_ctes())


_RECORD_SUCCESS = Prepared(_record_success)
_RECORD_FAILURE = Prepared(lambda: select(*place_columns()).add_cte(*insert_ctes()))
