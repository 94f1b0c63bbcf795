"""Write whatever the outbox refers to: texts by one writer, mails by another, checkpoints of the audit as they are."""

from __future__ import annotations

from idp.acts.checkpoint_audit import LETTER as CHECKPOINT
from idp.acts.checkpoint_audit import write_checkpoint_mail
from idp.acts.send_text import TEXT
from idp.acts.write_mail import MailWriter
from idp.acts.write_text import TextWriter
from idp.delivery.mail import Mail
from idp.delivery.outbox import Queued
from idp.delivery.sms import Text


class MessageWriter:
    """Chooses the writer of a message."""

    def __init__(self, mails: MailWriter, texts: TextWriter) -> None:
        self._mails = mails
        self._texts = texts

    def __call__(self, message: Queued) -> Mail | Text | None:
        """Write a message; None when nobody needs it any more.

        Raises:
            UnknownKind: it is of a newer version.
        """
        if message.kind == CHECKPOINT:
            return write_checkpoint_mail(message)
        return self._texts(message) if message.kind == TEXT else self._mails(message)
