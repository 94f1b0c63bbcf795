"""Texts where no gateway is: kept or shown as mail is, in the demo's mailbox or on the terminal; not in production."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate
from html import escape

from idp.delivery.mail import Sender
from idp.delivery.sms import Text
from idp.delivery.transport import Transport


class SmsAsMail:
    """Hands texts to a transport of mail, which must not be one that leaves the house."""

    def __init__(self, transport: Transport, sender: Sender, subject: str, *, clock: Callable[[], float]) -> None:
        self._transport = transport
        self._sender = sender
        self._subject = subject
        self._clock = clock

    def send_text(self, text: Text) -> None:
        """Keep or show one text.

        Raises:
            NotDelivered: one of its kinds.
        """
        message = EmailMessage()
        message["From"] = self._sender.address
        message["To"] = text.recipient
        message["Subject"] = self._subject
        message["Date"] = formatdate(self._clock())
        message.set_content(text.words)
        message.add_alternative(_page(text), subtype="html")
        message["Content-Language"] = text.language
        self._transport.send(message, sender=self._sender.address, recipient=text.recipient)


def _page(text: Text) -> str:
    lines = "<br>".join(escape(line) for line in text.words.splitlines())
    return f'<!doctype html><html lang="{text.language}"><title>SMS</title><p>{lines}</p></html>'
