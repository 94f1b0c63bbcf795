"""A real gateway for texts on this machine: takes what is posted, and answers as a test tells it to."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

SECRET = "a secret between the issuer and its gateway"


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as it came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """What the body says."""
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document

    def signed_with(self, secret: str) -> bool:
        """Check the signature, as docs/for-operators.md tells a gateway to."""
        signed = self.headers["Idp-Timestamp"].encode() + b"." + self.body
        expected = "v1=" + hmac.new(secret.encode(), signed, "sha256").hexdigest()
        return hmac.compare_digest(expected, self.headers["Idp-Signature"])


@dataclass
class Gateway:
    """What was posted, and what the next answers are (200 when nothing is said; 0 breaks the connection)."""

    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    hold: Event | None = None

    @property
    def uri(self) -> str:
        """Where texts are posted."""
        return f"http://127.0.0.1:{self.port}/texts?from=idp"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of an issuer that posts here."""
        return {
            "sms": True,
            "sms_webhook": self.uri,
            "sms_webhook_secret": SECRET,
            "outbound_allow": (f"127.0.0.1:{self.port}",),
        }


@contextmanager
def sms_gateway() -> Iterator[Gateway]:
    """Run a gateway."""
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.posted.append(Posted(dict(self.headers.items()), body))
            if gateway.hold is not None:
                gateway.hold.wait(20.0)
            status = gateway.answers.pop(0) if gateway.answers else 200
            if status == 0:
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gateway.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
