"""Protocol requests that were refused: recorded with their private detail, so that `idp clients explain` can tell why.

Anyone can send refused requests, so the record goes to the batch and is dropped when that is full. Of what was sent
only addresses and names of parameters are kept, shortened; never a credential, code or token.
"""

from __future__ import annotations

from collections.abc import Mapping

from authlib.oauth2 import OAuth2Error

from idp.audit.batch import TrailFull, TrailWriter
from idp.audit.events import Event, EventType
from idp.oidc.request import ProtocolRequest
from idp.storage.handles import Clock


class Refusals:
    """Hands refused requests to the audit trail."""

    def __init__(self, trail: TrailWriter, clock: Clock) -> None:
        self._trail = trail
        self._clock = clock

    def note(self, request: ProtocolRequest, error: OAuth2Error) -> None:
        """Record a refusal under the request's reference."""
        client_id = request.client.client_id if request.client else None
        failed = error.error == "invalid_client"
        event = Event(
            type=EventType.CLIENT_AUTHENTICATION_FAILED if failed else EventType.TOKEN_REFUSED,
            at=self._clock(),
            actor=f"client:{client_id}" if client_id else "anonymous",
            result=error.error or "server_error",
            client_id=client_id,
            reference=request.wire.request_id,
            details={"endpoint": request.wire.path, "check": getattr(error, "detail", "")},
        )
        self._add(event)

    def note_token(self, *, client_id: str, endpoint: str, check: str, reference: str) -> None:
        """Record that a token of this client was refused where it was presented."""
        event = Event(
            type=EventType.TOKEN_REFUSED,
            at=self._clock(),
            actor=f"client:{client_id}",
            result="invalid_token",
            client_id=client_id,
            reference=reference,
            details={"endpoint": endpoint, "check": check},
        )
        self._add(event)

    def note_authorization(
        self, *, client_id: str | None, error: str, details: Mapping[str, str], reference: str
    ) -> None:
        """Record a refused authorization request, with what was sent and what is registered."""
        event = Event(
            type=EventType.AUTHORIZATION_REFUSED,
            at=self._clock(),
            actor="anonymous",
            result=error,
            client_id=client_id,
            reference=reference,
            details=dict(details),
        )
        self._add(event)

    def _add(self, event: Event) -> None:
        try:
            self._trail.add(event)
        except TrailFull:
            return
