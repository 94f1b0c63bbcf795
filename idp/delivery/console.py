"""Mail written to a terminal, for whoever develops without a mail server; refused in production mode."""

from __future__ import annotations

from email.message import EmailMessage
from typing import TextIO


class ConsoleTransport:
    """Writes the text part of every message to a stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> None:
        """Write one message."""
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        self._stream.write(f"\n--- mail from {sender} to {recipient}: {message['Subject']}\n{text}---\n")
        self._stream.flush()
