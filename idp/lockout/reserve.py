"""Count a guess before it is checked, and take it back when it was right.

Between the two lies the check, with no transaction open: reserve and commit, check, then undo or leave it at that.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, String, bindparam, select
from sqlalchemy.sql.dml import ReturningInsert

from idp.lockout.policy import BUDGETS, GuessKind
from idp.lockout.reservation import Reservation
from idp.lockout.statements import count, give_back, reservation_ctes, rests_until


def reserve(connection: Connection, *, identifier_key: str, address_key: str, now: float) -> Reservation:
    """Count a guess as failed against both budgets; ask the answer, once committed, whether it may be checked."""
    if connection.dialect.name == "postgresql":
        row = connection.execute(
            _both(), {"identifier_key": identifier_key, "address_key": address_key, "now": now}
        ).one()
        return reservation_from(row, address_key=address_key, now=now)
    keys = {GuessKind.ADDRESS: address_key, GuessKind.IDENTIFIER: identifier_key}
    windows: dict[GuessKind, float | None] = dict.fromkeys(keys)
    ends_at = now
    for kind, key in keys.items():
        counted = connection.execute(_one(kind), {"key": key, "now": now}).one_or_none()
        if counted is None:
            ends_at = connection.execute(select(rests_until(kind, bindparam("key"))), {"key": key}).scalar_one()
            break
        windows[kind] = counted.window_started
    return Reservation(
        address_key=address_key,
        address_window=windows[GuessKind.ADDRESS],
        identifier_key=identifier_key,
        identifier_window=windows[GuessKind.IDENTIFIER],
        ends_at=ends_at,
    )


def reservation_from(row: Row[*tuple[Any, ...]], *, address_key: str, now: float) -> Reservation:
    """Read the columns of `reservation_ctes` from the row of a statement that held them."""
    if row.address_window is None:
        ends_at = row.address_rests_until or now + BUDGETS[GuessKind.ADDRESS].seconds
    elif row.identifier_window is None:
        ends_at = row.identifier_rests_until or now + BUDGETS[GuessKind.IDENTIFIER].seconds
    else:
        ends_at = now
    return Reservation(
        address_key=address_key,
        address_window=row.address_window,
        identifier_key=row.identifier_key,
        identifier_window=row.identifier_window,
        ends_at=ends_at,
    )


def undo(connection: Connection, reservation: Reservation) -> None:
    """Take back what `reserve` counted: the guess was right.

    Raises:
        TooManyGuesses: it was never admitted.
    """
    connection.execute(give_back(connection.dialect.name), undo_parameters(reservation))


def undo_parameters(reservation: Reservation) -> dict[str, Any]:
    """Give the values that `give_back` binds.

    Raises:
        TooManyGuesses: the guess was never admitted.
    """
    reservation.require_admitted()
    return {
        "address_key": reservation.address_key,
        "address_window": reservation.address_window,
        "identifier_key": reservation.identifier_key,
        "identifier_window": reservation.identifier_window,
    }


@cache
def _both() -> Select[*tuple[Any, ...]]:
    ctes = reservation_ctes(bindparam("identifier_key", type_=String))
    return select(*ctes.columns)


@cache
def _one(kind: GuessKind) -> ReturningInsert[Any]:
    return count("sqlite", kind, bindparam("key", type_=String))
