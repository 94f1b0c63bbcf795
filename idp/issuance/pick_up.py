"""Who has fetched which key: before a new one signs, every app must be able to verify it.

An app that was given a JWKS address of its own is known to have fetched a key. All others share one address and can't
be told apart: they count as ready once the key has been out for a day, or two cache times, whichever is longer. A
stranger who fetches an app's own address can only say that it was fetched, never hold a rotation up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from idp.clients.client import Client
from idp.issuance.models import KeyPickUp
from idp.storage.models import table_of
from keys.jwks import MAX_AGE_SECONDS
from keys.records import KeyRecord

DAY = 86_400.0
LEAST_SECONDS = max(DAY, 2 * MAX_AGE_SECONDS)


_T = table_of(KeyPickUp)
EVERYBODY = ""
"""Stands where a client would: two people have decided that nobody is waited for any more. No client has this id."""


class NotPickedUp(Exception):
    """A key must not sign yet. `missing` have their own address and have not fetched it; others wait for an instant."""

    def __init__(self, kid: str, missing: Collection[str], wait_until: float | None, now: float) -> None:
        reasons = [f"{client_id} has not fetched it" for client_id in sorted(missing)]
        if wait_until is not None:
            hours = (wait_until - now) / 3600
            reasons.append(f"apps without a JWKS address of their own may need another {hours:.1f} hours")
        super().__init__(f"{kid} does not sign yet: {'; '.join(reasons)}")
        self.missing = tuple(sorted(missing))
        self.wait_until = wait_until


@dataclass(frozen=True, slots=True)
class PickUp:
    """Whom a key must have reached: these clients, of which those without their own address get `least_seconds`."""

    clients: tuple[Client, ...]
    least_seconds: float = LEAST_SECONDS

    def require(self, connection: Connection, key: KeyRecord, now: float) -> None:
        """Let a key pass that every client can verify.

        Raises:
            NotPickedUp: naming those that can't, as far as they are known.
        """
        missing, wait_until = self.waited_for(fetched(connection, key.kid), key, now)
        if missing or wait_until is not None:
            raise NotPickedUp(key.kid, missing, wait_until, now)

    def waited_for(
        self, fetched: Mapping[str, float], key: KeyRecord, now: float
    ) -> tuple[tuple[str, ...], float | None]:
        """Give the clients known not to have the key, and until when the others are given time: None once that is over.

        Only clients whose tokens are signed with the key's algorithm count, and none that is disabled.
        """
        if EVERYBODY in fetched:
            return (), None
        concerned = [client for client in self.clients if key.algorithm in client.token_algs]
        missing = tuple(one.client_id for one in concerned if one.own_jwks and one.client_id not in fetched)
        until = (key.staged_at or key.created_at) + self.least_seconds
        others = any(not client.own_jwks for client in concerned)
        return missing, until if others and now < until else None


def note_pick_up(connection: Connection, *, client_id: str, kids: Iterable[str], now: float) -> None:
    """Note that a client has fetched these keys; the first time counts."""
    rows = [{"client_id": client_id, "kid": kid, "at": now} for kid in kids]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    if rows:
        connection.execute(dialect.insert(_T).on_conflict_do_nothing(), rows)


def fetched(connection: Connection, kid: str) -> dict[str, float]:
    """Give the clients that have fetched a key, and since when."""
    return {row.client_id: row.at for row in connection.execute(select(_T).where(_T.c.kid == kid))}


def fetched_since(connection: Connection, since: float) -> dict[str, float]:
    """Give the clients that have fetched a key for the first time since an instant, and when that was."""
    found = select(_T.c.client_id, func.min(_T.c.at).label("at")).where(_T.c.at >= since).group_by(_T.c.client_id)
    return {row.client_id: row.at for row in connection.execute(found)}
