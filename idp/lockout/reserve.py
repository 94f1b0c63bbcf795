"""Count a guess before it is checked, and take it back when it was right.

Between the two lies the check, with no transaction open: reserve and commit, check, then undo or leave it at that.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Select, String, bindparam
from sqlalchemy.sql.dml import ReturningInsert

from idp.lockout.attempts import attempt_parameters, count_attempt, gate, give_back, with_counter
from idp.lockout.origin import Origin
from idp.lockout.place_failures import place_parameters
from idp.lockout.reservation import Reservation, reservation_from

_NOTHING = {"counted_window": None, "counted_failures": None, "counted_consecutive": None}


def reserve(
    connection: Connection,
    *,
    account_id: str | None,
    identifier_key: str,
    origin: Origin,
    worked: bool = False,
    now: float,
) -> Reservation:
    """Count a guess at an account (None: nobody's name) as failed; ask the answer, once committed, about checking it.

    PostgreSQL has this in one statement with the finding of the account: see the act of signing in.
    """
    bound = {**reserve_parameters(identifier_key, origin, worked=worked, now=now), "account_id": account_id}
    stood = connection.execute(_stood(), bound).one()
    counted = connection.execute(_counted(connection.dialect.name), bound).one_or_none()
    return reservation_from(
        SimpleNamespace(**stood._mapping, **(counted._mapping if counted else _NOTHING)),  # noqa: SLF001 - its name is so
        origin=origin,
        worked=worked,
        now=now,
    )


def reserve_parameters(identifier_key: str, origin: Origin, *, worked: bool, now: float) -> dict[str, Any]:
    """Give the values that counting a guess binds, beside the account's."""
    return attempt_parameters(
        identifier_key=identifier_key,
        address_key=origin.address_key,
        network_key=origin.network_key,
        device_digest=origin.device_digest,
        worked=worked,
        now=now,
    )


def undo(connection: Connection, reservation: Reservation) -> None:
    """Take back what `reserve` counted: the guess was not looked at, or it was right and came to nothing.

    Raises:
        TooManyGuesses: it was never admitted.
    """
    connection.execute(give_back(connection.dialect.name, right=False), undo_parameters(reservation))


def undo_parameters(reservation: Reservation) -> dict[str, Any]:
    """Give the values that `give_back` binds, and those of the place.

    Raises:
        TooManyGuesses: the guess was never admitted.
    """
    reservation.require_admitted()
    return {
        "counter_key": reservation.key,
        "counter_window": reservation.window,
        **place_parameters(reservation.origin),
    }


@cache
def _stood() -> Select[*tuple[Any, ...]]:
    return with_counter(_gate().subquery("gate"))


@cache
def _counted(dialect: str) -> ReturningInsert[Any]:
    return count_attempt(dialect, _gate().subquery("gate"))


def _gate() -> Select[*tuple[Any, ...]]:
    return gate(bindparam("account_id", type_=String))
