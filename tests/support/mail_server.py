"""Real mail servers on this machine: with STARTTLS, without it, refusing, slow and breaking off."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.processes import free_port

USER, PASSWORD = "idp", "a mail password"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for this machine alone, and whether its clients should trust it."""

    file: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        """The server's side of TLS."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file, self.key)
        return context

    def client(self) -> ssl.SSLContext:
        """The side of a client that trusts it."""
        return ssl.create_default_context(cafile=str(self.file))


def make_certificate(folder: Path, name: str = "localhost", *, days: float = 1) -> Certificate:
    """Make a certificate that vouches for itself, good for so many days (ended so many ago, when negative)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


@dataclass
class MailServer:
    """What a server has accepted, and how it answers: `of_recipient` and `of_data` replace its usual answers."""

    of_recipient: dict[str, str] = field(default_factory=dict)
    of_data: list[str] = field(default_factory=list)
    breaks_off: int = 0
    accepted: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer to a recipient."""
        if address in self.of_recipient:
            return self.of_recipient[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer to a message."""
        if self.of_data:
            return self.of_data.pop(0)
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self.accepted.append((envelope.mail_from or "", list(envelope.rcpt_tos), content))
        if self.breaks_off:
            self.breaks_off -= 1
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]
        return "250 OK"


@contextmanager
def mail_server(
    certificate: Certificate | None,
    *,
    login: bool = False,
    utf8: bool = True,
    **behaviour: Any,  # noqa: ANN401 - fields of MailServer
) -> Iterator[MailServer]:
    """Run a server; with a certificate it offers STARTTLS and takes nothing before it."""
    handler = MailServer(**behaviour)

    def check(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    options: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if certificate is not None:
        options |= {"tls_context": certificate.server(), "require_starttls": True}
    if login:
        options |= {"authenticator": check, "auth_required": True}
    handler.port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port, **options)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop(no_assert=True)
