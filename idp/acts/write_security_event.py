"""Build what an app is told about an incident, signed anew at each try, and record how that came to its end.

The token is signed as the app's ID tokens are, with what signs now: never with the key that it is about. `jti` and
`iat` stay those of the first try, so that an app that heard it twice knows it for the same (RFC 8417 §2.2).
"""

from __future__ import annotations

from http import HTTPStatus

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.directory import ClientDirectory
from idp.delivery.app_events import AppEvent
from idp.delivery.app_queue import CONFIRMED, GIVEN_UP, REFUSED
from idp.delivery.back_channel import AppCall
from idp.issuance.current_ring import CurrentRing
from idp.issuance.security_event import KEY_COMPROMISED, KEY_DRILL, security_event_token
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.incident_rows import find_incident
from keys.purposes import Purpose

_EVENT = {
    CONFIRMED: EventType.APP_EVENT_CONFIRMED,
    REFUSED: EventType.APP_EVENT_REFUSED,
    GIVEN_UP: EventType.APP_EVENT_GIVEN_UP,
}
_HEADERS = {"Content-Type": "application/secevent+jwt", "Accept": "application/json"}
_HEARD = frozenset({HTTPStatus.ACCEPTED})
"""RFC 8935 §2.2 has nothing else."""


class SecurityEventWriter:
    """Writes security event tokens of one issuer, and the trail of who heard them."""

    def __init__(
        self,
        database: Database,
        ring: CurrentRing,
        directory: ClientDirectory,
        *,
        issuer: str,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._database = database
        self._ring = ring
        self._directory = directory
        self._issuer = issuer
        self._clock = clock
        self._entropy = entropy

    def write(self, told: AppEvent) -> AppCall | None:
        """Give the token and where it goes; None for an app that is out of service, or listens no more.

        Raises:
            StaleView, NoActiveKey: nothing can be signed now.
        """
        client = self._directory.find(told.client_id)
        if client is None or client.disabled_at is not None or client.security_event_uri is None:
            return None
        with self._database.reading() as connection:
            incident = find_incident(connection, told.incident_id)
        if incident is None:
            return None
        token = security_event_token(
            self._ring.signer(client.id_token_alg),
            issuer=self._issuer,
            client_id=client.client_id,
            event=KEY_DRILL if incident.purpose == Purpose.DRILL else KEY_COMPROMISED,
            kid=incident.kid,
            algorithm=incident.algorithm,
            happened_at=incident.opened_at,
            jti=told.id,
            issued_at=told.created_at,
        )
        return AppCall(address=client.security_event_uri, body=token.encode(), headers=_HEADERS, heard=_HEARD)

    def record(self, connection: Connection, told: AppEvent, state: str) -> None:
        """Record that an app confirmed, refused, or was given up."""
        event = Event(
            type=_EVENT[state],
            at=self._clock(),
            actor="worker",
            result="ok" if state == CONFIRMED else state,
            client_id=told.client_id,
            details={"incident": told.incident_id, "tries": told.tries.attempts},
        )
        record(connection, event, entropy=self._entropy)
