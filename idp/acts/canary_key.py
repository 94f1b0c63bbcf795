"""Let a staged key sign for chosen apps first; or for none again, which takes one command and hurts nobody.

What is found out so is what no fetch of the JWKS tells: an app whose library lacks the algorithm, or that keeps to the
key it has seen first. All others go on with the active key; the rotation ends the trial for everyone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection

from idp.acts.change_ring import Change, Written, write_change
from idp.audit.events import EventType
from idp.clients.client import Client
from idp.issuance.pick_up import PickUp
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import StoredRing, move_key, on_current_ring
from keys.algorithms import algorithm as algorithm_named
from keys.kek import Kek
from keys.ring import prove
from keys.rotation import keys_of, plan_rotation


@dataclass(frozen=True, slots=True)
class Canary:
    """For whom a staged key signs from when on; nobody, when it was taken back."""

    algorithm: str
    kid: str
    clients: tuple[str, ...]
    effective_at: float
    epoch: int


class NotItsClients(Exception):
    """Some of the clients are unknown, disabled, or get no tokens of the algorithm; the text names them."""


def canary_key(
    database: Database,
    kek: Kek,
    *,
    algorithm: str,
    client_ids: Collection[str],
    pick_up: PickUp,
    actor: str,
    clock: Clock,
    entropy: Entropy,
) -> Canary:
    """Let the staged key of an algorithm sign for these clients, and for no others; for none, with an empty collection.

    Raises:
        NothingStaged: no key waits.
        NotItsClients: one of the clients has nothing to do with the algorithm.
        NotPickedUp: one of them can't verify the key yet.
        KeyDamaged: the staged key does not sign; nothing was changed.
        UnsupportedAlgorithm: we don't sign with that.
        RingMoved: others kept changing the ring.
    """
    algorithm_named(algorithm)
    chosen = _chosen(pick_up.clients, client_ids, algorithm)

    def begin(stored: StoredRing) -> Canary:
        staged = plan_rotation(keys_of(stored.records, algorithm=algorithm), algorithm=algorithm).activate
        if chosen:
            with database.reading() as connection:
                replace(pick_up, clients=chosen).require(connection, staged, clock())
            prove(staged, kek)

        def trial(written: Written) -> Canary:
            names = tuple(client.client_id for client in chosen)
            return Canary(algorithm, staged.kid, names, written.effective_at, written.epoch)

        def write(connection: Connection, written: Written) -> None:
            names = trial(written).clients
            tried_for = tuple(sorted({*staged.tried_for, *names}))
            canaries = dict.fromkeys(names, written.effective_at)
            move_key(connection, staged, replace(staged, canaries=canaries, tried_for=tried_for, epoch=written.epoch))

        written = write_change(
            database,
            stored,
            Change(type=EventType.KEYS_CANARY),
            details=lambda written: asdict(trial(written)),
            actor=actor,
            clock=clock,
            entropy=entropy,
            also=write,
        )
        return trial(written)

    return on_current_ring(database, begin)


def _chosen(clients: Collection[Client], client_ids: Collection[str], algorithm: str) -> tuple[Client, ...]:
    found = tuple(one for one in clients if one.client_id in client_ids and algorithm in one.token_algs)
    if strange := sorted(set(client_ids) - {one.client_id for one in found}):
        raise NotItsClients(f"no tokens are signed with {algorithm} for {', '.join(strange)}")
    return found
