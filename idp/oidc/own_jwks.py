"""/jwks/CLIENT_ID: the JWK Set at an address of one app's own, by which it is known which keys that app has.

The same document for every name, also for one that nobody has: nothing is found out by asking. Only for an app that was
given its address anything is noted, and each key once: a fetch writes nothing unless there is something new to say, so
no storm of fetches reaches the database. What can't be written is noted at a later fetch; the document comes anyway.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from idp.issuance.pick_up import note_pick_up
from idp.oidc.issuer import Issuer
from idp.storage.database import StorageUnavailable
from keys.jwks import Jwks

PREFIX = "/jwks/"
RETRY_SECONDS = 30.0

log = logging.getLogger("idp.keys")


class OwnJwks:
    """Answers, and remembers which keys each app is known to have."""

    def __init__(self, issuer: Issuer, *, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._stopwatch = stopwatch
        self._noted: dict[str, str] = {}
        self._rest_until = 0.0

    def __call__(self, client_id: str) -> Jwks:
        """Give the JWK Set, and note who has it."""
        jwks = self._issuer.ring.jwks()
        if self._noted.get(client_id) != jwks.etag:
            client = self._issuer.directory.find(client_id)
            if client is not None and client.own_jwks and self._stopwatch() >= self._rest_until:
                self._note(client_id, jwks)
        return jwks

    def _note(self, client_id: str, jwks: Jwks) -> None:
        try:
            with self._issuer.database.writing() as connection:
                note_pick_up(connection, client_id=client_id, kids=jwks.kids, now=self._issuer.clock())
        except StorageUnavailable:
            # Keys are handed out whatever happens; that they were fetched is said when somebody can write it down.
            log.info("that %s has fetched the keys is noted later", client_id)
            self._rest_until = self._stopwatch() + RETRY_SECONDS
            return
        self._noted[client_id] = jwks.etag
