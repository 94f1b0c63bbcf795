"""One name for one machine: who comes by 127.0.0.1 is sent to localhost, as cookies and passkeys know one name.

For the demo alone; elsewhere a host that is not configured is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PROBES = frozenset({"/livez", "/readyz"})


class OneName:
    """A WSGI callable in front of another that is reached at `address`."""

    def __init__(self, app: WSGIApplication, address: str) -> None:
        self._app = app
        self._address = address
        port = urlsplit(address).port
        self._other_names = {f"127.0.0.1:{port}", f"[::1]:{port}"}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Redirect a page that is asked for by another name; hand on all else."""
        named = environ.get("HTTP_HOST") in self._other_names and environ.get("REQUEST_METHOD") in {"GET", "HEAD"}
        if not named or environ.get("PATH_INFO") in PROBES:
            return self._app(environ, start_response)
        start_response("307 Temporary Redirect", [("Location", self._same_page(environ)), ("Content-Length", "0")])
        return []

    def _same_page(self, environ: WSGIEnvironment) -> str:
        path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
        query = environ.get("QUERY_STRING", "")
        kept = f"?{query}" if query and query.isascii() and query.isprintable() and " " not in query else ""
        return f"{self._address}/{path.lstrip('/')}{kept}"
