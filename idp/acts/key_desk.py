"""The acts on keys as the console calls them: the command line's own functions, with the service's own parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from idp.acts.canary_key import Canary, canary_key
from idp.acts.compromise_key import Containment, compromise_key
from idp.acts.drill_key import Drill, Publishes, drill_key
from idp.acts.rotate_key import Rotation, rotate_key
from idp.clients.directory import ClientDirectory
from idp.issuance.pick_up import PickUp
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from keys.kek import Kek
from keys.timetable import Timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDesk:
    """What acts on keys need; `algorithms` are those that the service signs with."""

    database: Database
    kek: Kek
    directory: ClientDirectory
    timetable: Timetable
    algorithms: tuple[str, ...]
    pick_up_seconds: float
    clock: Clock
    entropy: Entropy

    def pick_up(self) -> PickUp:
        """Say whom a key must have reached, as the clients are now."""
        return PickUp(tuple(self.directory.all()), self.pick_up_seconds)

    def rotate(self, algorithm: str, *, actor: str) -> Rotation:
        """Rotate; raises as `rotate_key`."""
        return rotate_key(
            self.database,
            self.kek,
            algorithm=algorithm,
            pick_up=self.pick_up(),
            actor=actor,
            clock=self.clock,
            entropy=self.entropy,
        )

    def compromise(self, kid: str, *, reason: str, actor: str) -> Containment:
        """Take a leaked key out of service; raises as `compromise_key`."""
        return compromise_key(
            self.database,
            self.kek,
            kid=kid,
            reason=reason,
            actor=actor,
            clock=self.clock,
            entropy=self.entropy,
        )

    def canary(self, algorithm: str, client_ids: Collection[str], *, actor: str) -> Canary:
        """Let the staged key sign for these clients alone, or for none; raises as `canary_key`."""
        return canary_key(
            self.database,
            self.kek,
            algorithm=algorithm,
            client_ids=client_ids,
            pick_up=self.pick_up(),
            actor=actor,
            clock=self.clock,
            entropy=self.entropy,
        )

    def drill(self, nodes: Mapping[str, Publishes], *, actor: str) -> Drill:
        """Rehearse a compromise with the first algorithm; raises as `drill_key`."""
        return drill_key(
            self.database,
            nodes,
            algorithm=self.algorithms[0],
            actor=actor,
            clock=self.clock,
            entropy=self.entropy,
        )
