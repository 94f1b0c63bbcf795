"""What carries a message to its recipient, and the ways in which that can fail.

Each failure says what to do about it: try everything later, try this one later, never try this one again, or try it
once more although it may have arrived.
"""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol

from idp.delivery.policy import Outcome


class NotDelivered(Exception):
    """A message was not delivered, as far as is known; the text is for operators and holds nothing personal."""

    outcome: Outcome


class Unreachable(NotDelivered):
    """Nothing can be delivered now: no server, no encryption, no admission."""

    outcome = Outcome.UNREACHABLE


class Deferred(NotDelivered):
    """The server does not take this message now."""

    outcome = Outcome.DEFERRED


class Rejected(NotDelivered):
    """The server will never take this message."""

    outcome = Outcome.REJECTED


class Doubtful(NotDelivered):
    """The connection broke after the message was handed over, before the server had said whether it has it."""

    outcome = Outcome.DOUBTFUL


class Transport(Protocol):
    """Carries messages."""

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> None:
        """Deliver one message to one address, within a bounded time.

        Raises:
            NotDelivered: one of its kinds.
        """
