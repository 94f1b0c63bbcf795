"""The parts that every endpoint works with, put together once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from idp.audit.batch import TrailWriter
from idp.clients.directory import ClientDirectory
from idp.issuance.ceiling import Ceiling
from idp.issuance.current_ring import CurrentRing
from idp.issuance.ended import EndedView
from idp.issuance.lifetimes import Lifetimes
from idp.oidc.client_keys import ClientKeys
from idp.oidc.refusals import Refusals
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One issuer: its address (the `iss` of everything it signs) and its parts."""

    address: str
    database: Database
    directory: ClientDirectory
    ring: CurrentRing
    ended: EndedView
    watch: Watch
    trail: TrailWriter
    refusals: Refusals
    client_keys: ClientKeys
    lifetimes: Lifetimes
    clock: Clock
    entropy: Entropy
    signing_algs: tuple[str, ...]
    ceiling: Ceiling

    @property
    def token_endpoint(self) -> str:
        """The address of the token endpoint, as discovery gives it."""
        return f"{self.address}/token"
