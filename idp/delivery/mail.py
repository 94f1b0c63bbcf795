"""A mail to one person: a text part and an HTML part, one recipient, and headers that nothing typed can add to.

Invariant: the address is checked to be exactly one before it is written anywhere; whatever stands in the words, no
line of it becomes a header (RFC 5322, RFC 3834 for `Auto-Submitted`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate

MAX_ADDRESS = 254
_LOCAL = re.compile(r"[^\x00-\x20\x7f-\xa0()<>@,;:\\\"\[\]\u2000-\u200f\u2028-\u202f\u2060-\u206f\ufeff]{1,64}")
_HOST_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class UnusableAddress(ValueError):
    """Not one e-mail address; the message never repeats it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What a mail says, to whom.

    `key` names it in its Message-ID: one that is sent again unchanged keeps its key, so that a mailbox which has it
    already can tell; one with a new code has another.
    """

    recipient: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom mails come from."""

    name: str
    address: str


def one_address(text: str) -> tuple[str, str]:
    """Give local part and host of one address; a host in other letters becomes its ASCII form (RFC 5890).

    Raises:
        UnusableAddress: it is none, or more than one, or could be read as one.
    """
    local, at, host = text.rpartition("@")
    if not at or len(text) > MAX_ADDRESS or not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == ".":
        raise UnusableAddress("not one e-mail address")
    try:
        ascii_host = host.encode("idna").decode("ascii") if host else ""
    except UnicodeError:
        raise UnusableAddress("not the name of a mail host") from None
    if not all(_HOST_LABEL.fullmatch(label) for label in ascii_host.split(".")):
        raise UnusableAddress("not the name of a mail host")
    return local, ascii_host


def envelope_address(text: str) -> str:
    """Give an address as it is said to a server.

    Raises:
        UnusableAddress: see `one_address`.
    """
    return "@".join(one_address(text))


def compose(mail: Mail, sender: Sender, *, now: float) -> EmailMessage:
    """Write the message.

    Raises:
        UnusableAddress: the recipient's or the sender's.
    """
    local, host = one_address(mail.recipient)
    from_local, from_host = one_address(sender.address)
    message = EmailMessage(policy=SMTP if local.isascii() else SMTPUTF8)
    message["From"] = Address(display_name=_one_line(sender.name), username=from_local, domain=from_host)
    message["To"] = Address(username=local, domain=host)
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = formatdate(now)
    message["Message-ID"] = f"<{mail.key}@{from_host}>"
    # Nobody's out-of-office answers a machine.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    # Set last: what sets the content drops whatever headers there are about it.
    message["Content-Language"] = mail.language
    return message


def _one_line(text: str) -> str:
    return " ".join(text.split())
