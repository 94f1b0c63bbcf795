"""A small web server of somebody else's, which counts who came: HTTP, and HTTPS with a certificate of its own CA."""

from __future__ import annotations

import datetime
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typing_extensions import override


@dataclass
class Page:
    """What a path answers; `drip` seconds between octets, and nothing before its `gate` is open."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    gate: Event | None = None


class WebServer(ThreadingHTTPServer):
    """Serves `pages`, and notes every path that was asked for in `hits`, what was posted there in `posted`.

    The media types of what was posted are in `media_types`.
    """

    daemon_threads = True

    def __init__(self, *, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, Page] = {}
        self.hits: list[str] = []
        self.posted: list[tuple[str, bytes]] = []
        self.media_types: list[str] = []
        self.connections = 0
        self.scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        """The port."""
        return int(self.server_address[1])

    def address(self, path: str, *, host: str = "127.0.0.1") -> str:
        """Give the address of a path."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    @override
    def get_request(self) -> tuple[Any, Any]:
        self.connections += 1
        return super().get_request()

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor who goes away is none of our business."""


class _Handler(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        """Note what is posted, and answer with the page of this path."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.media_types.append(self.headers.get("Content-Type", ""))
        self.server.posted.append((self.path, body))
        self.do_GET()

    def do_GET(self) -> None:
        """Answer with the page of this path."""
        self.server.hits.append(self.path)
        page = self.server.pages.get(self.path, Page(status=404))
        if page.gate is not None:
            page.gate.wait()
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        step = 1 if page.drip else max(1, len(page.body))
        for place in range(0, len(page.body), step):
            self.wfile.write(page.body[place : place + step])
            self.wfile.flush()
            time.sleep(page.drip)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def web_server(*, context: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    """Run a server for the length of a test."""
    server = WebServer(context=context)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certified(folder: Path, *, host: str) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for a host, signed by a CA of its own; gives the server's context and the CA's file."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("A test CA", authority_key, "A test CA", authority_key, None)
    certificate = _certificate(host, server_key, "A test CA", authority_key, host)
    pem = serialization.Encoding.PEM
    chain, ca_file = folder / "server.pem", folder / "ca.pem"
    private = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(private + certificate.public_bytes(pem))
    ca_file.write_bytes(authority.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, ca_file


def _certificate(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, host: str | None
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if host is not None:
        name = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    return builder.sign(signer, hashes.SHA256())
