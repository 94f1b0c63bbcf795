"""The gate that every request passes before it is dispatched: one reading of it, a host of ours, bounded sizes.

Invariant: what passes was framed by its Content-Length alone and names exactly one configured host. A
Transfer-Encoding is refused even where the server decoded it, since some hide a Content-Length beside it (RFC 9112
§6.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

from idp.wire.addresses import Origin, TrustedProxies, locate
from idp.wire.errors import MalformedRequest
from idp.wire.hosts import check_host

MAX_QUERY = 16 * 1024
MAX_COOKIE = 16 * 1024
_KEPT_ORIGINS = 4096
# gunicorn lets a loopback peer set the scheme by any of these, which is no proxy's Forwarded header.
_BELIEVED = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PROTOCOL", "HTTP_X_FORWARDED_SSL")


class Gate:
    """Checks the frame of a request and tells where it comes from."""

    def __init__(self, *, hosts: Mapping[str, str], trusted_proxies: Iterable[str]) -> None:
        """Take the hosts as idp.wire.hosts.known_hosts gives them, and the proxies as TrustedProxies takes them.

        Raises:
            ValueError: there are no hosts, or a proxy is malformed.
        """
        if not hosts:
            raise ValueError("the front needs at least the issuer's host")
        self._hosts = dict(hosts)
        self._own = next(iter(self._hosts.values()))
        locating = partial(locate, trusted=TrustedProxies(trusted_proxies))
        self._locate = lru_cache(maxsize=_KEPT_ORIGINS)(locating)

    def host(self, environ: Mapping[str, Any], *, any_host: bool = False) -> str:
        """Let a request pass, and give the configured host that it means.

        Raises:
            MalformedRequest: 400, 414, 421 or 431.
        """
        if "HTTP_TRANSFER_ENCODING" in environ:
            raise MalformedRequest("A Transfer-Encoding is not accepted here.")
        if environ.get("SCRIPT_NAME"):
            raise MalformedRequest("The service is not mounted under a path.")
        if len(environ.get("QUERY_STRING", "")) > MAX_QUERY:
            raise MalformedRequest("The query is too long.", status=414)
        if len(environ.get("HTTP_COOKIE", "")) > MAX_COOKIE:
            raise MalformedRequest("The cookies are too large.", status=431)
        sent: str = environ.get("HTTP_HOST", "")
        host = self._hosts.get(sent)
        if host is not None:
            return host
        return self._own if any_host else check_host(sent, self._hosts)

    def origin(self, environ: Mapping[str, Any]) -> Origin:
        """Tell the client's address and scheme."""
        scheme: str = environ.get("wsgi.url_scheme", "http")
        if scheme != "http" and any(key in environ for key in _BELIEVED):
            scheme = "http"
        return self._locate(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_FORWARDED"), scheme)
