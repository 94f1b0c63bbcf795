"""The housekeeper's third loop: seals the audit trail, and sends checkpoints of it to where nobody here can write.

It outlives whatever goes wrong in one turn. A place that cannot be reached keeps its checkpoint waiting; the others
have theirs.
"""

from __future__ import annotations

import logging
import threading

from idp.acts.checkpoint_audit import checkpoint_audit
from idp.app import Service
from idp.audit.checkpoint import has_reached, pending_checkpoints
from idp.audit.seal import BATCH, is_anything_unsealed, seal_batch
from idp.delivery.witnesses import witness_at
from idp.storage.database import StorageUnavailable
from idp.storage.key_rows import read_ring
from idp.wire.traces import where
from keys.errors import KeysError
from keys.purposes import Purpose
from keys.ring import KeyRing
from keys.signer import Signer

PAUSE_SECONDS = 0.5
CHECKPOINT_LOOK_SECONDS = 10.0
ALGORITHM = "Ed25519"

log = logging.getLogger("idp.audit")


class AuditSealing:
    """Seals and checkpoints one service's trail."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._looked_at = float("-inf")

    def run(self, stop: threading.Event, *, pause: float = PAUSE_SECONDS) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            try:
                self.turn()
            except StorageUnavailable:
                log.warning("sealing waits for the database")
            except Exception as error:  # noqa: BLE001 - a loop that ends here seals nothing ever after
                log.error("a turn of sealing failed: %s", where(error))  # noqa: TRY400 - rows may be personal
            stop.wait(pause)

    def turn(self) -> int:
        """Seal all that waits, and look after checkpoints now and then; gives how many events were sealed.

        Raises:
            StorageUnavailable: the database is away.
        """
        sealed = self._seal()
        now = self._service.clock()
        if abs(now - self._looked_at) >= CHECKPOINT_LOOK_SECONDS:
            self._looked_at = now
            self.checkpoint()
        return sealed

    def _seal(self) -> int:
        sealed = batch = 0
        with self._service.database.reading() as connection:
            if not is_anything_unsealed(connection):
                return 0
        while True:
            with self._service.database.writing() as connection:
                batch = seal_batch(connection, now=self._service.clock())
            sealed += batch
            if batch < BATCH:
                return sealed

    def checkpoint(self) -> None:
        """Make a checkpoint if one is due, and send what waits.

        Raises:
            StorageUnavailable: the database is away.
        """
        service, settings = self._service, self._service.settings
        try:
            signer = self._signer()
        except KeysError as error:
            log.error("no checkpoint can be signed: %s", error)  # noqa: TRY400 - its text says it
        else:
            with service.database.writing() as connection:
                checkpoint_audit(
                    connection,
                    signer,
                    issuer=settings.issuer,
                    places=settings.audit_checkpoints,
                    period=settings.audit_checkpoint_minutes * 60,
                    entropy=service.entropy,
                    now=service.clock(),
                )
        self._send()

    def _signer(self) -> Signer:
        with self._service.database.reading() as connection:
            stored = read_ring(connection)
        ring = KeyRing.open(stored.records, self._service.kek, epoch=stored.epoch, purpose=Purpose.CHECKPOINTS)
        return ring.signer(ALGORITHM, self._service.clock())

    def _send(self) -> None:
        database = self._service.database
        with database.reading() as connection:
            waiting = pending_checkpoints(connection)
        for pending in waiting:
            for place in pending.places:
                try:
                    witness_at(place)(pending.jws, self._service.clock())
                except OSError as error:
                    log.warning("checkpoint %d does not reach %s: %s", pending.seq, place, error)
                    continue
                with database.writing() as connection:
                    has_reached(connection, pending, place)
