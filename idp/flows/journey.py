"""A journey: one authorization request in progress, on its way to its answer.

It lives ten minutes in the ephemeral store, is bound to a cookie of its own (two tabs have two journeys), and every
proof in it is checked when it is loaded. It is taken out of the store, atomically, by the one request that issues its
answer.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from idp.flows.proofs import Proof, Proved, Prover
from idp.oidc.authorization_request import AuthorizationRequest
from idp.storage.ephemeral import EphemeralStore
from idp.storage.handles import Clock, Entropy, digest, new_handle, new_id

MAX_HANDLE = 64
"""Longer than any id or handle of ours: whatever is longer is not looked up."""


class JourneyUnknown(LookupError):
    """No such journey, it is over, or this browser is not the one that began it."""


class CookieMissing(JourneyUnknown):
    """The journey goes on, but this browser sent no cookie of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A journey as it was begun, or loaded from its store (`stored`).

    `shared_device`: the person called this browser a shared or public one; nothing is remembered in it.
    """

    id: str
    binding: bytes = field(repr=False)
    request: AuthorizationRequest
    expires_at: float
    proofs: tuple[Proof, ...] = ()
    shared_device: bool = False
    stored: bool = False

    def proof(self, *steps: Proved) -> Proof | None:
        """Give the latest proof of one of these steps."""
        return next((proof for proof in reversed(self.proofs) if proof.step in steps), None)

    @property
    def signed_in(self) -> Proof | None:
        """The latest proof that signs somebody in."""
        return self.proof(Proved.PASSWORD, Proved.PASSKEY)

    def with_proof(self, proof: Proof) -> Journey:
        """Give the journey with one more proof."""
        return replace(self, proofs=(*self.proofs, proof))


class Journeys:
    """Begins, loads, keeps and ends journeys."""

    def __init__(
        self, store: EphemeralStore, prover: Prover, *, clock: Clock, entropy: Entropy, lifetime: float
    ) -> None:
        self._store = store
        self._prover = prover
        self._clock = clock
        self._entropy = entropy
        self._lifetime = lifetime

    def begin(self, request: AuthorizationRequest) -> tuple[Journey, str]:
        """Make a journey that is not yet stored, and the handle for its cookie."""
        handle = new_handle(self._entropy)
        journey = Journey(
            id=new_id(self._entropy),
            binding=digest(handle),
            request=request,
            expires_at=self._clock() + self._lifetime,
        )
        return journey, handle

    def keep(self, journey: Journey) -> None:
        """Store the journey for the rest of its time.

        Raises:
            EphemeralUnavailable: there is nowhere to store it.
        """
        seconds = max(1.0, journey.expires_at - self._clock())
        document = _encode(journey)
        self._store.put(_key(journey.id), self._prover.seal(journey.id, document) + document, seconds=seconds)

    def load(self, journey_id: str, handle: str | None) -> Journey:
        """Give the journey of this id to the browser that began it.

        Raises:
            JourneyUnknown: none, over, or another browser's.
            CookieMissing: it is there, and no handle was sent.
            ProofBroken: the store's content was changed by somebody else.
        """
        stored = self._store.get(_key(journey_id)) if len(journey_id) <= MAX_HANDLE else None
        if stored is None:
            raise JourneyUnknown(journey_id)
        if handle is None:
            raise CookieMissing(journey_id)
        journey = _decode(journey_id, self._prover.unseal(journey_id, stored))
        if not hmac.compare_digest(journey.binding, digest(handle)) or self._clock() >= journey.expires_at:
            raise JourneyUnknown(journey_id)
        for proof in journey.proofs:
            self._prover.check(proof, journey_id=journey_id)
        return journey

    def take(self, journey: Journey) -> None:
        """End the journey: of all requests that try, one succeeds.

        Raises:
            JourneyUnknown: another request has ended it.
        """
        if self._store.take(_key(journey.id)) is None:
            raise JourneyUnknown(journey.id)


def _key(journey_id: str) -> str:
    return f"journey:{journey_id}"


def _encode(journey: Journey) -> bytes:
    return orjson.dumps(
        {
            "binding": journey.binding.hex(),
            "request": journey.request.to_document(),
            "expires_at": journey.expires_at,
            "proofs": [[proof.step, proof.account_id, proof.at, proof.detail, proof.tag] for proof in journey.proofs],
            "shared_device": journey.shared_device,
        }
    )


def _decode(journey_id: str, stored: bytes) -> Journey:
    document: Mapping[str, Any] = orjson.loads(stored)
    return Journey(
        id=journey_id,
        binding=bytes.fromhex(document["binding"]),
        request=AuthorizationRequest.from_document(document["request"]),
        expires_at=document["expires_at"],
        proofs=tuple(
            Proof(step=Proved(step), account_id=account_id, at=at, detail=detail, tag=tag)
            for step, account_id, at, detail, tag in document["proofs"]
        ),
        shared_device=document["shared_device"],
        stored=True,
    )
