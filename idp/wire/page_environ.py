"""The environ that pages see: ours, not the client's.

Invariant: address, scheme and host are those that idp.wire.addresses and idp.wire.hosts found; nothing of a proxy's
headers, of a renamed CGI variable or of our own process's environment is left (granian copies os.environ, secrets and
all, into every request); the body stands in memory, whole; path and query are UTF-8 without control characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from idp.wire.addresses import Origin
from idp.wire.bodies import BodyReader, announced_length
from idp.wire.errors import MalformedRequest
from idp.wire.request_headers import is_hidden

MAX_HEADERS = 100
MAX_HEADERS_LENGTH = 64 * 1024
_KEPT = (
    *("REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"),
    *("wsgi.version", "wsgi.errors", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once", "wsgi.file_wrapper"),
)
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def page_environ(
    environ: Mapping[str, Any], *, origin: Origin, host: str, request_id: str, bodies: BodyReader, limit: int
) -> dict[str, Any]:
    """Make the environ for the pages' WSGI app, its body of at most `limit` bytes read.

    Raises:
        WireRefusal: the path, the headers or the body are not acceptable.
    """
    path = _utf8(environ.get("PATH_INFO", ""))
    if not path.startswith("/"):
        raise MalformedRequest("The path is malformed.")
    query = _utf8(environ.get("QUERY_STRING", ""))
    clean = _headers(environ)
    body = _body(environ, bodies, "" if origin.flaw else origin.address, limit)
    clean.update({key: environ[key] for key in _KEPT if key in environ})
    clean.update(
        {
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_ADDR": origin.address,
            "HTTP_HOST": host,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": origin.scheme,
            "wsgi.input": BytesIO(body),
            "idp.request_id": request_id,
            "idp.client_address": origin.address,
            "idp.forwarding_flaw": origin.flaw,
        }
    )
    return clean


def _utf8(text: str) -> str:
    """Let text pass that is UTF-8 as WSGI spells it (bytes as Latin-1); frameworks fail on anything else."""
    try:
        decoded = text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise MalformedRequest("The address is not in UTF-8.") from None
    if _CONTROL.search(decoded):
        raise MalformedRequest("The address holds a control character.")
    return text


def _headers(environ: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in environ.items() if key.startswith("HTTP_") and not is_hidden(key)}
    if len(kept) > MAX_HEADERS or sum(map(len, kept.values())) > MAX_HEADERS_LENGTH:
        raise MalformedRequest("The headers are too large.", status=431)
    if "CONTENT_TYPE" in environ:
        kept["CONTENT_TYPE"] = environ["CONTENT_TYPE"]
    return kept


def _body(environ: Mapping[str, Any], bodies: BodyReader, address: str, limit: int) -> bytes:
    method = environ.get("REQUEST_METHOD", "")
    if method in _WITHOUT_BODY or (method not in _WITH_BODY and announced_length(environ) is None):
        return b""
    return bodies.read(environ, address=address, limit=limit)
