"""Write whatever the outbox refers to: texts by one writer, mails by the other."""

from __future__ import annotations

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
        return self._texts(message) if message.kind == TEXT else self._mails(message)
