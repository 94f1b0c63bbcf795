"""Mail over real SMTP: encrypted or not at all, one recipient, and every kind of refusal told apart."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from idp.delivery.mail import Mail, Sender, compose
from idp.delivery.smtp import SmtpServer, SmtpTransport
from idp.delivery.transport import Deferred, Doubtful, Rejected, Unreachable
from idp.operating.checkup_mail import look_at_mail_server
from tests.support.in_process import settings_for
from tests.support.mail_server import PASSWORD, USER, Certificate, mail_server, make_certificate

SENDER = "no-reply@example.com"
DANA = "dana@example.com"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Give a certificate for localhost."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


def transport(
    port: int, tls: ssl.SSLContext | None, *, user: str | None = None, password: str | None = None, **changes: float
) -> SmtpTransport:
    """Give a transport to a server on this machine, as in production."""
    server = SmtpServer(host="localhost", port=port, encrypted=False, user=user, password=password)
    return SmtpTransport(server, tls=tls, **({"answer_seconds": 5.0} | changes))


def send(through: SmtpTransport, recipient: str = DANA) -> None:
    """Send a mail."""
    mail = Mail(recipient=recipient, subject="Grüße", text="Hallo.\n.\n", html="<p>Hallo.</p>", language="de", key="1")
    through.send(compose(mail, Sender(name="Lender", address=SENDER), now=0.0), sender=SENDER, recipient=recipient)


def test_over_starttls(certificate: Certificate) -> None:
    """The server takes the message after STARTTLS: both parts, one recipient."""
    with mail_server(certificate) as server:
        send(transport(server.port, certificate.client()))
    (sender, recipients, content), *more = server.accepted
    assert (SENDER, [DANA], []) == (sender, recipients, more)
    assert b"Auto-Submitted: auto-generated" in content
    assert b"text/html" in content


def test_without_starttls_nothing_is_sent(certificate: Certificate) -> None:
    """T95: a server that does not offer it, or from whose answer it was cut out, gets neither mail nor password."""
    with mail_server(None) as server, pytest.raises(Unreachable, match="STARTTLS"):
        send(transport(server.port, certificate.client(), user=USER, password=PASSWORD))
    assert [] == server.accepted


def test_a_stranger_with_another_certificate_gets_nothing(certificate: Certificate, tmp_path: Path) -> None:
    """Neither one that nobody vouches for, nor one for another name."""
    elsewhere = make_certificate(tmp_path, "mail.example.net")
    for shown, trusted in ((certificate, None), (elsewhere, elsewhere.client())):
        with mail_server(shown) as server, pytest.raises(Unreachable):
            send(transport(server.port, trusted))
        assert [] == server.accepted


def test_a_certificate_that_has_ended(tmp_path: Path) -> None:
    """F37: nothing is sent, the error names the reason, and the message is tried again when there is a new one."""
    ended = make_certificate(tmp_path, days=-1)
    with mail_server(ended) as server, pytest.raises(Unreachable, match="certificate has expired"):
        send(transport(server.port, ended.client()))
    assert [] == server.accepted


@pytest.mark.parametrize(("days", "status"), [(1, "warn"), (13, "warn"), (60, "ok"), (-1, "fail")])
def test_the_doctor_sees_it_coming(tmp_path: Path, days: int, status: str) -> None:
    """F37: a fortnight before the certificate of the mail server ends, `idp doctor` says so."""
    certificate = make_certificate(tmp_path, days=days)
    with mail_server(certificate) as server:
        settings = settings_for("sqlite://", tmp_path, smtp_url=f"smtp://localhost:{server.port}")
        found = look_at_mail_server(settings, time.time, tls=certificate.client())

    assert found is not None
    assert (status, "mail server") == (found.status, found.check)
    assert [] == server.accepted


def test_plain_is_for_development_on_this_machine() -> None:
    """Elsewhere, and in production, the same address demands STARTTLS."""
    assert SmtpServer.from_url("smtp://localhost:1025", development=True).plain_allowed
    assert not SmtpServer.from_url("smtp://localhost:1025").plain_allowed
    assert not SmtpServer.from_url("smtp://mail.example.com", development=True).plain_allowed
    with mail_server(None) as server:
        send(SmtpTransport(SmtpServer.from_url(f"smtp://localhost:{server.port}", development=True)))
    assert 1 == len(server.accepted)


def test_with_user_and_password(certificate: Certificate) -> None:
    """They are said after STARTTLS; wrong ones stop everything rather than this message."""
    with mail_server(certificate, login=True) as server:
        send(transport(server.port, certificate.client(), user=USER, password=PASSWORD))
        with pytest.raises(Unreachable) as refused:
            send(transport(server.port, certificate.client(), user=USER, password="wrong"))
    assert 1 == len(server.accepted)
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ({"of_recipient": {DANA: "550 No such user"}}, Rejected),
        ({"of_recipient": {DANA: "451 Greylisted"}}, Deferred),
        ({"of_recipient": {DANA: "421 Closing"}}, Unreachable),
        ({"of_data": ["554 Spam"]}, Rejected),
        ({"of_data": ["452 Full"]}, Deferred),
        ({"breaks_off": 1}, Doubtful),
    ],
)
def test_refusals_are_told_apart(certificate: Certificate, behaviour: dict[str, Any], outcome: type[Exception]) -> None:
    """F17: for good, for now, or in doubt; what a server says is not repeated."""
    with mail_server(certificate, **behaviour) as server, pytest.raises(outcome) as refused:
        send(transport(server.port, certificate.client()))
    assert DANA not in str(refused.value)


def test_nobody_listens() -> None:
    """F16, F36: a closed port and a name that nobody has fail at once, and say so."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable):
        send(transport(port, None))
    with pytest.raises(Unreachable):
        send(SmtpTransport(SmtpServer.from_url("smtp://mail.invalid"), answer_seconds=2))


@contextmanager
def dripping(drop: bytes) -> Iterator[int]:
    """Run a server that says its greeting one byte at a time and never ends it."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.1):
                try:
                    connection.send(drop)
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_a_tarpit_costs_its_deadline_and_no_more() -> None:
    """F17: a server that drips never runs into a timeout, but into the deadline."""
    started = time.monotonic()
    with dripping(b"2") as port, pytest.raises(Unreachable):
        send(transport(port, None, answer_seconds=1.0, deadline_seconds=1.5))
    assert time.monotonic() - started < 5


def test_an_address_beyond_ascii(certificate: Certificate) -> None:
    """A host in other letters is sent in its ASCII form; a local part needs a server that takes it."""
    with mail_server(certificate) as server:
        for recipient in ("dana@xn--bcher-kva.example", "jürgen@example.com"):
            send(transport(server.port, certificate.client()), recipient)
    assert ["dana@xn--bcher-kva.example", "jürgen@example.com"] == [to for _, (to,), _ in server.accepted]
    with mail_server(certificate, utf8=False) as server, pytest.raises(Rejected, match="ASCII"):
        send(transport(server.port, certificate.client()), "jürgen@example.com")


def test_the_server_double_is_the_real_thing(certificate: Certificate) -> None:
    """What these tests talk to refuses mail before STARTTLS by itself."""
    with mail_server(certificate) as server, smtplib.SMTP("localhost", server.port, timeout=5) as plain:
        plain.ehlo()
        assert 530 == plain.mail("x@example.com")[0]
