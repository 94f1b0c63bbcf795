"""The courier: takes due messages out of the outbox, has each written, hands it over, and notes how that went.

Three steps with nothing held between them: claim (a transaction), write and send (none is open), note (a transaction).
Any number of couriers may work on one outbox. What it is handed: how to write a message of each kind, and a transport.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from idp.delivery.mail import Mail, Sender, UnusableAddress, compose, envelope_address
from idp.delivery.outbox import Queued, claim_next, is_anything_due, note_failure, settle
from idp.delivery.policy import Outcome
from idp.delivery.sms import Text, TextTransport
from idp.delivery.transport import NotDelivered, Rejected, Transport
from idp.storage.database import Database, StorageUnavailable
from idp.storage.handles import Clock, Entropy
from idp.wire.traces import where

AT_MOST = 100
PAUSE_SECONDS = 1.0

Write = Callable[[Queued], Mail | Text | None]
"""Writes a message, with new codes and links each time it is called; None when nobody needs it any more."""

log = logging.getLogger("idp.delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round did: how many messages were sent, dropped as unneeded, put off, and parked."""

    sent: int = 0
    unneeded: int = 0
    put_off: int = 0
    parked: int = 0


class Courier:
    """Delivers what is due."""

    def __init__(
        self,
        database: Database,
        transport: Transport,
        write: Write,
        sender: Sender,
        *,
        clock: Clock,
        entropy: Entropy,
        texts: TextTransport | None = None,
    ) -> None:
        self._database = database
        self._transport = transport
        self._texts = texts
        self._write = write
        self._sender = sender
        self._clock = clock
        self._entropy = entropy

    def deliver_due(self, *, at_most: int = AT_MOST) -> Round:
        """Deliver what is due, message by message; a server that cannot be reached ends the round.

        Raises:
            StorageUnavailable: the outbox cannot be read or written.
        """
        counts = {"sent": 0, "unneeded": 0, "put_off": 0, "parked": 0}
        for _ in range(at_most):
            message = self._claim()
            if message is None:
                break
            ended, reachable = self._deliver(message)
            counts[ended] += 1
            if not reachable:
                break
        return Round(**counts)

    def run(self, stop: threading.Event, *, pause: float = PAUSE_SECONDS) -> None:
        """Deliver until `stop` is set: the worker's loop. It outlives whatever goes wrong in one round."""
        while not stop.is_set():
            try:
                self.deliver_due()
            except StorageUnavailable:
                log.warning("the outbox cannot be reached; trying again")
            except Exception as error:  # noqa: BLE001 - a loop that ends here delivers nothing ever after
                log.error("a round of delivery failed: %s", where(error))  # noqa: TRY400 - a traceback may hold addresses
            stop.wait(pause)

    def _claim(self) -> Queued | None:
        """Have the next message; an outbox with nothing due, which it is most of the time, costs one read."""
        with self._database.reading() as connection:
            if not is_anything_due(connection, now=self._clock()):
                return None
        with self._database.writing() as connection:
            return claim_next(connection, entropy=self._entropy, now=self._clock())

    def _deliver(self, message: Queued) -> tuple[str, bool]:
        """Try one message; gives how that ended, and whether the server can be reached."""
        try:
            written = self._write(message)
            if isinstance(written, Text):
                self._send_text(written)
            elif written is not None:
                self._send(written)
        except NotDelivered as error:
            return self._failed(message, error.outcome, str(error)), error.outcome is not Outcome.UNREACHABLE
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one message that cannot be written stops no other
            return self._failed(message, Outcome.FAULT, type(error).__name__), True
        with self._database.writing() as connection:
            settle(connection, message, sent=written is not None, now=self._clock())
        return ("unneeded" if written is None else "sent"), True

    def _send_text(self, text: Text) -> None:
        if self._texts is None:
            raise Rejected("nothing carries texts here")
        self._texts.send_text(text)

    def _send(self, mail: Mail) -> None:
        try:
            composed = compose(mail, self._sender, now=self._clock())
            recipient, sender = envelope_address(mail.recipient), envelope_address(self._sender.address)
        except UnusableAddress as error:
            raise Rejected(str(error)) from None
        self._transport.send(composed, sender=sender, recipient=recipient)

    def _failed(self, message: Queued, outcome: Outcome, problem: str) -> str:
        chance = self._entropy(1)[0] / 255
        with self._database.writing() as connection:
            parked = note_failure(
                connection, message, outcome, problem=f"{outcome}: {problem}", chance=chance, now=self._clock()
            )
        level = logging.ERROR if parked else logging.WARNING
        ending = "parked" if parked else "to be tried again"
        log.log(
            level, "message %s (%s), try %d: %s; %s", message.id, message.kind, message.tries.attempts, problem, ending
        )
        return "parked" if parked else "put_off"
