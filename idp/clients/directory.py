"""The process's view of all clients: one immutable snapshot, swapped whole when the revision "clients" moves.

Looking a client up costs a dictionary read and no statement (PERFORMANCE: the token path is affordable only so).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy import Row, select

from idp.clients.client import Client, decode_client
from idp.clients.models import ClientRow
from idp.storage.database import Database
from idp.storage.models import table_of

_T = table_of(ClientRow)
log = structlog.get_logger(__name__)


class ClientDirectory:
    """All registered clients as of the last load, and the issuer's own pages (`built_in`)."""

    def __init__(self, database: Database, built_in: Iterable[Client] = ()) -> None:
        self._database = database
        self._built_in = {client.client_id: client for client in built_in}
        self._clients: Mapping[str, Client] = MappingProxyType(self._built_in)

    def reload(self) -> None:
        """Read all clients and swap the snapshot.

        Raises:
            StorageUnavailable: the old snapshot stays.
        """
        with self._database.reading() as connection:
            rows = connection.execute(select(_T.c.client_id, _T.c.metadata, _T.c.secrets, _T.c.disabled_at)).all()
        self._clients = MappingProxyType(dict(_decoded(rows)) | self._built_in)

    def find(self, client_id: str) -> Client | None:
        """Give the client of this id, disabled or not, or None."""
        return self._clients.get(client_id)

    def all(self) -> tuple[Client, ...]:
        """Give every registered client, ordered by id."""
        return tuple(client for id_, client in sorted(self._clients.items()) if id_ not in self._built_in)


def _decoded(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[tuple[str, Client]]:
    """Decode what can be: one registration that this version does not understand must not take all others down."""
    for row in rows:
        try:
            yield row.client_id, decode_client(row.client_id, row.metadata, row.secrets, row.disabled_at)
        except (ValueError, TypeError, KeyError) as error:
            log.warning("clients.unreadable", client_id=row.client_id, reason=type(error).__name__)
