"""Texts: what is sent to a telephone, and the port through which it leaves.

A text is short (one of 160 characters where its letters allow), goes to one number in E.164, and is never written in a
request: the courier takes it out of the outbox, like mail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text to one number. `key` names it: a gateway that has seen it may drop a second one of the same key."""

    recipient: str = field(repr=False)
    words: str = field(repr=False)
    language: str
    key: str


class TextTransport(Protocol):
    """Carries texts."""

    def send_text(self, text: Text) -> None:
        """Hand over one text, within a bounded time.

        Raises:
            NotDelivered: one of its kinds.
        """
        ...
