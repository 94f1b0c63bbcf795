"""Build what an app is told about a session that ended, anew at each try, and record how that came to its end.

The token is signed as the app's ID tokens are: same algorithm, same key (OpenID Connect Back-Channel Logout 1.0 §2.6).
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from sqlalchemy import Connection

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.directory import ClientDirectory
from idp.delivery.app_logouts import AppLogout
from idp.delivery.app_queue import CONFIRMED, GIVEN_UP, REFUSED
from idp.delivery.back_channel import AppCall
from idp.issuance.current_ring import CurrentRing
from idp.issuance.lifetimes import Lifetimes
from idp.issuance.logout_token import logout_token
from idp.storage.handles import Clock, Entropy, new_id

_EVENT = {
    CONFIRMED: EventType.APP_LOGOUT_CONFIRMED,
    REFUSED: EventType.APP_LOGOUT_REFUSED,
    GIVEN_UP: EventType.APP_LOGOUT_GIVEN_UP,
}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_HEARD = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})


class LogoutTokenWriter:
    """Writes logout tokens of one issuer, and the trail of who heard them."""

    def __init__(
        self,
        ring: CurrentRing,
        directory: ClientDirectory,
        *,
        issuer: str,
        lifetimes: Lifetimes,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._ring = ring
        self._directory = directory
        self._issuer = issuer
        self._lifetimes = lifetimes
        self._clock = clock
        self._entropy = entropy

    def write(self, logout: AppLogout) -> AppCall | None:
        """Give the token and where it goes; None for an app that is out of service, or listens no more.

        Raises:
            StaleView, NoActiveKey: nothing can be signed now.
        """
        client = self._directory.find(logout.client_id)
        if client is None or client.disabled_at is not None or client.backchannel_logout_uri is None:
            return None
        token = logout_token(
            self._ring.signer(client.id_token_alg, client.client_id),
            issuer=self._issuer,
            client=client,
            account_id=logout.account_id,
            sid=logout.sid,
            jti=new_id(self._entropy),
            lifetimes=self._lifetimes,
            now=self._clock(),
        )
        body = urlencode({"logout_token": token}).encode()
        return AppCall(address=client.backchannel_logout_uri, body=body, headers=_FORM, heard=_HEARD)

    def record(self, connection: Connection, logout: AppLogout, state: str) -> None:
        """Record that an app confirmed, refused, or was given up."""
        event = Event(
            type=_EVENT[state],
            at=self._clock(),
            actor="worker",
            result="ok" if state == CONFIRMED else state,
            account_id=logout.account_id,
            client_id=logout.client_id,
            sid=logout.sid,
            details={"tries": logout.tries.attempts},
        )
        record(connection, event, entropy=self._entropy)
