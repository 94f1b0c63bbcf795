"""The management port: /metrics, /livez and /readyz of the housekeeper, apart from the requests of strangers.

Bound to loopback unless told otherwise. It speaks HTTP/1.0 by the standard library's server: a scrape every few seconds
needs no more, and it must not share anything with what serves people.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from idp.oidc.issuer import Issuer
from idp.probes import readiness_faults
from idp.wire.bind import Bind

TIMEOUT_SECONDS = 10.0
TEXT = "text/plain; charset=utf-8"

Answer = tuple[int, str, bytes]


class ManagementPages:
    """The WSGI callable behind the management port."""

    def __init__(self, pages: dict[str, Callable[[], Answer]]) -> None:
        self._pages = pages

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        page = self._pages.get(environ.get("PATH_INFO", ""))
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            status, content_type, body = 405, TEXT, b"GET only\n"
        elif page is None:
            status, content_type, body = 404, TEXT, " ".join(self._pages).encode() + b"\n"
        else:
            status, content_type, body = page()
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


@contextmanager
def management_server(bind: Bind, issuer: Issuer, metrics: Callable[[], Answer]) -> Iterator[None]:
    """Answer on the management port meanwhile.

    Raises:
        OSError: it cannot be listened on.
    """
    pages = {"/livez": _alive, "/readyz": lambda: _ready(issuer), "/metrics": metrics}
    server_class = _ServerV6 if ":" in bind.host else _Server
    with make_server(bind.host, bind.port, ManagementPages(pages), server_class, _Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="idp-management", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _alive() -> Answer:
    return 200, TEXT, b"alive\n"


def _ready(issuer: Issuer) -> Answer:
    faults = readiness_faults(issuer)
    return (503, TEXT, f"{'; '.join(faults)}\n".encode()) if faults else (200, TEXT, b"ready\n")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking the resolver for this machine's name, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = TIMEOUT_SECONDS

    def log_message(self, *_: object) -> None:
        """Scrapes are not worth a line."""
