"""The headers of a request, read from the WSGI environ when somebody asks for one.

Invariant: a header that claims to speak for a proxy, or that CGI keeps elsewhere, is never seen, however it is spelled:
some servers fold `X_Forwarded_For` into the same key as `X-Forwarded-For`, so that no proxy could keep it out.
Addresses and schemes come from idp.wire.addresses alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

# What proxies say of the client, and what turns a request into another one.
_OF_PROXIES = (
    *("FORWARDED", "VIA", "CLIENT_IP", "TRUE_CLIENT_IP", "X_CLIENT_IP", "X_CLUSTER_CLIENT_IP", "X_REAL_IP"),
    *("CF_CONNECTING_IP", "FRONT_END_HTTPS", "X_HOST", "X_SCHEME", "X_SCRIPT_NAME", "PROXY", "PREFIX"),
)
_HIDDEN_PREFIXES = ("HTTP_X_FORWARDED", "HTTP_X_ORIGINAL", "HTTP_X_REWRITE", "HTTP_X_HTTP_METHOD", "HTTP_X_METHOD")
# What CGI keeps under names of its own.
_OF_CGI = (
    *("CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME"),
    *("REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT", "REMOTE_USER", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"),
)
# What belongs to one connection.
_OF_CONNECTIONS = (
    *("CONNECTION", "HTTP2_SETTINGS", "KEEP_ALIVE", "PROXY_CONNECTION", "TE", "TRAILER", "TRANSFER_ENCODING"),
    "UPGRADE",
)
_HIDDEN = frozenset(f"HTTP_{name}" for name in (*_OF_PROXIES, *_OF_CGI, *_OF_CONNECTIONS))
_ELSEWHERE = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def is_hidden(key: str) -> bool:
    """Say whether an environ key (`HTTP_…`) is one that nobody may read."""
    return key in _HIDDEN or key.startswith(_HIDDEN_PREFIXES)


class RequestHeaders(Mapping[str, str]):
    """Headers by lower-case name: Latin-1 text, repeated headers joined by commas."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[_key(name)]
        return value

    def __iter__(self) -> Iterator[str]:
        for name, key in _ELSEWHERE.items():
            if key in self._environ:
                yield name
        for key in self._environ:
            if key.startswith("HTTP_") and not is_hidden(key):
                yield key[5:].replace("_", "-").lower()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<{len(self)} headers>"


@lru_cache(maxsize=256)
def _key(name: str) -> str:
    """Give the environ key of a header; a hidden one gets a key that no environ has."""
    elsewhere = _ELSEWHERE.get(name)
    if elsewhere is not None:
        return elsewhere
    key = "HTTP_" + name.upper().replace("-", "_")
    return "" if is_hidden(key) or name != name.lower() else key
