"""Mail over SMTP, never in the clear: STARTTLS is demanded before anything is said, or TLS from the first byte.

Invariant: neither a password nor a message crosses a connection that is not encrypted to the named host; a server that
does not offer STARTTLS, or from whose answer it was cut out, gets nothing (RFC 3207 §6, RFC 8314; T95). The one
exception is a server on this very machine in development. No try lasts longer than its deadline (F17, F36).
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Self
from urllib.parse import unquote, urlsplit

from idp.delivery.transport import Deferred, Doubtful, NotDelivered, Rejected, Unreachable

ANSWER_SECONDS = 10.0
DEADLINE_SECONDS = 60.0
DEFAULT_PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PERMANENT = 500
_CLOSING = 421


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed in. `encrypted` from the first byte, else by STARTTLS; `plain_allowed` on loopback alone."""

    host: str
    port: int
    encrypted: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    plain_allowed: bool = False

    @classmethod
    def from_url(cls, url: str, *, development: bool = False) -> Self:
        """Read smtp://USER:PASSWORD@HOST:PORT or smtps://….

        Raises:
            ValueError: it is neither; the message does not repeat it, since it may hold a password.
        """
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.query:
            raise ValueError("is not smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…")
        return cls(
            host=parts.hostname,
            port=parts.port or DEFAULT_PORTS[parts.scheme],
            encrypted=parts.scheme == "smtps",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            plain_allowed=development and parts.hostname in LOOPBACK,
        )


class SmtpTransport:
    """Hands mail to one server, each message over a connection of its own; durations in seconds."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        tls: ssl.SSLContext | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._server = server
        self._tls = tls or ssl.create_default_context()
        self._answer_seconds = answer_seconds
        self._deadline_seconds = deadline_seconds

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> None:
        """Deliver one message to one address.

        Raises:
            NotDelivered: one of its kinds.
        """
        with _told_apart(), self._connected() as client:
            _hand_over(client, message, sender=sender, recipient=recipient)

    def certificate_ends_at(self) -> float | None:
        """Connect and encrypt, and give the instant at which the server's certificate ends; None without TLS.

        Raises:
            NotDelivered: no mail would leave now, and why.
        """
        with _told_apart(), self._connected() as client:
            shown = client.sock.getpeercert() if isinstance(client.sock, ssl.SSLSocket) else None
            return ssl.cert_time_to_seconds(str(shown["notAfter"])) if shown else None

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        client = self._client()
        with _deadline(client, self._deadline_seconds):
            try:
                client.connect(server.host, server.port)
                client.ehlo_or_helo_if_needed()
                self._encrypt(client)
                if server.user is not None:
                    client.login(server.user, server.password or "")
                yield client
            finally:
                with suppress(smtplib.SMTPException, OSError):
                    client.quit()
                client.close()

    def _client(self) -> smtplib.SMTP:
        """Make a client that is not connected yet: its deadline begins before the server's first word."""
        seconds = self._answer_seconds
        client = (
            smtplib.SMTP_SSL(timeout=seconds, context=self._tls)
            if self._server.encrypted
            else smtplib.SMTP(timeout=seconds)
        )
        # The name that the certificate must have; smtplib takes it from its constructor alone, which would connect.
        client._host = self._server.host  # type: ignore[attr-defined]  # noqa: SLF001
        return client

    def _encrypt(self, client: smtplib.SMTP) -> None:
        if self._server.encrypted:
            return
        if client.has_extn("starttls"):
            code, _ = client.starttls(context=self._tls)
            if code == 220:  # noqa: PLR2004 - "ready to start TLS" (RFC 3207 §4)
                client.ehlo()
                return
        if not self._server.plain_allowed:
            raise Unreachable("the mail server does not offer STARTTLS; nothing was sent")


@contextmanager
def _told_apart() -> Iterator[None]:
    """Turn what the library and the network raise into the ways in which a message is not delivered."""
    try:
        yield
    except NotDelivered:
        raise
    except smtplib.SMTPException as error:
        raise Unreachable(_said(error)) from None
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"the mail server's certificate is refused: {error.verify_message}") from None
    except OSError as error:
        raise Unreachable(f"no connection to the mail server ({type(error).__name__})") from None


def _hand_over(client: smtplib.SMTP, message: EmailMessage, *, sender: str, recipient: str) -> None:
    """Say the envelope, then the message; from then on a broken connection leaves a doubt."""
    options = []
    if not recipient.isascii():
        if not client.has_extn("smtputf8"):
            raise Rejected("the mail server takes no addresses beyond ASCII")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    _accept(client.mail(sender, options), of_this_message=False)
    _accept(client.rcpt(recipient), of_this_message=True)
    try:
        _accept(client.data(message.as_bytes()), of_this_message=True)
    except smtplib.SMTPDataError as error:
        _accept((error.smtp_code, b""), of_this_message=True)
    except (smtplib.SMTPServerDisconnected, OSError):
        raise Doubtful("the connection broke while the message was handed over") from None


def _accept(answer: tuple[int, bytes], *, of_this_message: bool) -> None:
    code = answer[0]
    if code in {250, 251}:
        return
    if code == _CLOSING or not of_this_message:
        raise Unreachable(f"the mail server answered {code}")
    raise (Rejected if code >= _PERMANENT else Deferred)(f"the mail server answered {code}")


def _said(error: smtplib.SMTPException) -> str:
    """Name what failed; what a server says beside its number may repeat an address."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__


@contextmanager
def _deadline(client: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Cut the connection when its time is over: a server that drips one byte at a time never runs into a timeout."""

    def cut() -> None:
        if client.sock is not None:
            with suppress(OSError):
                client.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
