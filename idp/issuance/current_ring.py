"""The process's decoded key ring, reloaded when the revision "keys" moves.

A process whose view of the database is stale stops signing and honouring: it may have missed that a key was taken out
of service. A compromised key's mark takes it out of the ring in hand, also where the new ring does not open.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from typing import Any

from idp.storage.database import Database
from idp.storage.handles import Clock
from idp.storage.key_rows import load_ring
from idp.storage.marks import Mark
from idp.storage.watch import Watch
from keys.compact import InvalidToken, verify
from keys.errors import SignerAway
from keys.kek import Kek
from keys.ring import Jwks, KeyRing, Signer
from keys.verified_tokens import VerifiedTokens

TRY_SECONDS = 1.0

log = logging.getLogger("idp.issuance")


class CurrentRing:
    """Holds the ring as of the last load, and remembers what was verified with it."""

    def __init__(self, database: Database, kek: Kek, watch: Watch, clock: Clock) -> None:
        self._database = database
        self._kek = kek
        self._watch = watch
        self._clock = clock
        self._ring: KeyRing | None = None
        self._verified = VerifiedTokens()
        self._tried_at = -math.inf
        self._answer = True

    def reload(self) -> None:
        """Read and decode all keys, then swap them in.

        Raises:
            StorageUnavailable: the old ring stays.
            KeyDamaged: there are keys, and not one of them opens; the old ring stays.
        """
        with self._database.reading() as connection:
            self._ring = load_ring(connection, self._kek)

    def distrust(self, marks: Sequence[Mark]) -> None:
        """Drop keys that were compromised at once, whether or not the new ring can be read."""
        for mark in marks:
            if mark.kind == "kid" and self._ring is not None:
                self._ring = self._ring.without(mark.id)

    @property
    def ring(self) -> KeyRing:
        """The ring as of the last load."""
        if self._ring is None:
            raise RuntimeError("the key ring has not been loaded")
        return self._ring

    def signer(self, algorithm: str, client_id: str | None = None) -> Signer:
        """Give what signs for a client, unless this process may have missed a change.

        Raises:
            StaleView: the last good poll is too old, or this process's clock is ahead of the database's.
            NoActiveKey: the ring has none for this algorithm.
        """
        now = self._clock()
        self._watch.require_signing_time(now)
        return self.ring.signer(algorithm, now, client_id)

    def signers_answer(self, algorithms: Sequence[str]) -> bool:
        """Whether what signs with these algorithms does so now; tokens and services are tried once a second."""
        now = time.monotonic()
        if now >= self._tried_at + TRY_SECONDS:
            at = self._clock()
            names = [name for name in self.ring.algorithms(at) if name in algorithms]
            self._tried_at = now  # first, so that one request a second waits for a home that hangs, and no more
            self._answer = all(_signs(self.ring.signer(name, at)) for name in names)
        return self._answer

    def jwks(self) -> Jwks:
        """Give the published keys, rendered."""
        return self.ring.jwks(self._clock())

    def verify(self, token: str, *, typ: str) -> dict[str, Any]:
        """Give the claims of a token that this issuer signed; its times are the caller's to check.

        Raises:
            InvalidToken: anything else.
        """
        return self._verified.verify(self.ring, token, typ=typ, now=self._clock())

    def verify_hint(self, token: str, *, typ: str) -> dict[str, Any]:
        """Give the claims of an ID token offered as a hint about the past: keys that have left the JWKS still count.

        A signed answer of userinfo has the same `typ` and issuer; what makes an ID token is that it expires.

        Raises:
            InvalidToken: not signed by this issuer, or by a compromised key, or no ID token.
        """
        claims = verify(self.ring, token, typ=typ, now=self._clock(), removed=True)
        if not {"exp", "iat", "auth_time"} <= claims.keys():
            raise InvalidToken("signed by this issuer, but not an ID token")
        return claims


def _signs(signer: Signer) -> bool:
    if not signer.elsewhere:
        return True
    try:
        signer.sign(b"idp key self-test")
    except SignerAway as error:
        log.error("nothing is signed with %s: %s", signer.algorithm, error)  # noqa: TRY400 - its text says all
        return False
    return True
