"""Guesses at names from places, each counted in a transaction of its own, so many seconds after a start."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from idp.lockout.known_devices import device_parameters, remember_device
from idp.lockout.models import COUNTERS
from idp.lockout.origin import Origin, origin_of
from idp.lockout.place_failures import PlaceFailures, count_by_place
from idp.lockout.reservation import Reservation
from idp.lockout.reserve import reserve, undo
from idp.storage.database import Database
from keys.mac import MacKey

KEY = MacKey({1: b"1" * 32}, "lookup")
START = 1_800_014_400.0
HALF_HOUR = 1800.0
DAY = 86_400.0
BROWSER = b"b" * 32
SCHEDULE = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 20.0]
"""Seconds after the first guess at which ten guesses are looked at, none of them too soon."""


def origin(name: str = "tom", *, address: str = "192.0.2.7", device: bytes | None = None, now: float = START) -> Origin:
    """Describe where a guess comes from."""
    return origin_of(KEY, identifier=name, address=address, device_digest=device, now=now)


def guess(
    database: Database,
    *,
    name: str = "tom",
    account: str | None = None,
    address: str = "192.0.2.7",
    device: bytes | None = None,
    after: float = 0.0,
    worked: bool = False,
) -> Reservation:
    """Count a guess in a transaction of its own, so many seconds after the start."""
    with database.writing() as connection:
        return reserve(
            connection,
            account_id=account,
            identifier_key=f"typed:{name}",
            origin=origin(name, address=address, device=device, now=START + after),
            worked=worked,
            now=START + after,
        )


def ten_guesses(database: Database, *, after: float = 0.0, **who: str | bytes | None) -> None:
    """Use a budget up, none too soon."""
    for seconds in SCHEDULE:
        guess(database, after=after + seconds, **who).require_admitted()  # type: ignore[arg-type]


def admitted(reservation: Reservation) -> bool:
    """Whether the guess may be checked."""
    return reservation.refusal is None


def take_back(database: Database, reservation: Reservation) -> None:
    """Say that the guess was not looked at."""
    with database.writing() as connection:
        undo(connection, reservation)


def fail(database: Database, *, name: str, address: str = "192.0.2.7", after: float = 0.0) -> PlaceFailures:
    """Count a failure by its place."""
    with database.writing() as connection:
        return count_by_place(connection, origin(name, address=address, now=START + after))


def counters(database: Database) -> dict[str, int]:
    """Read how many failures each key has."""
    with database.reading() as connection:
        return {row.key: row.failures for row in connection.execute(select(COUNTERS.c.key, COUNTERS.c.failures))}


def know(database: Database, account: str, digest: bytes = BROWSER, *, at: float = START) -> None:
    """Let an account have signed in with a browser."""
    known = device_parameters(handle_digest=digest, account_id=account, now=at, entropy=secrets.token_bytes)
    with database.writing() as connection:
        connection.execute(remember_device(connection.dialect.name), known)
