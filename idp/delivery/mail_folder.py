"""A folder as everybody's mailbox: where the demo's mail goes, and from where its page reads it; refused in production.

One file for each message, as a mail program would save it, so that whichever process writes, every process reads.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMail:
    """A message as it lies in the folder; `sent_at` in seconds since the epoch."""

    name: str
    recipient: str
    subject: str
    text: str
    html: str
    language: str
    sent_at: float


class MailFolder:
    """Keeps the newest messages, and gives them back, newest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> None:  # noqa: ARG002 - see Transport
        """Keep one message."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = max((_number(path) for path in self._files()), default=0) + 1
        draft = self._folder / f".{number:08}.{os.getpid()}"
        draft.write_bytes(message.as_bytes())
        draft.replace(self._folder / f"{number:08}.eml")
        for path in self._files()[:-KEPT]:
            path.unlink(missing_ok=True)

    def messages(self) -> list[KeptMail]:
        """Give what lies in the folder, newest first."""
        kept = []
        for path in reversed(self._files()):
            with suppress(FileNotFoundError):
                kept.append(_read(path))
        return kept

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.eml"))


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isdecimal() else 0


def _read(path: Path) -> KeptMail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    return KeptMail(
        name=path.stem,
        recipient=str(message["To"]),
        subject=str(message["Subject"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        language=str(message["Content-Language"]),
        sent_at=parsedate_to_datetime(str(message["Date"])).timestamp(),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
