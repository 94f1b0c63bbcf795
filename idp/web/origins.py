"""Addresses of others, reduced to what a page may name: an origin in its policy, a link in its text.

Invariant: what comes out holds no character that could end a Content-Security-Policy source or directive, and no
scheme that a browser would run as a script (CSP Level 3 2.3.1; `javascript:` and `data:` never pass).
"""

import ipaddress
import re
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_RUNNABLE: Final = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"})


class UnsafeAddress(ValueError):
    """An address that must not appear on a page."""


# What is asked about is registered, a few addresses for each app: answers are kept.
@lru_cache(maxsize=1024)
def policy_source(address: str) -> str:
    """Return the Content-Security-Policy source that admits an address.

    An app's private scheme (RFC 8252 7.1) gives `com.example.app:`. A literal IPv6 address has no form in that
    grammar, so it gives its scheme, and only for loopback.
    Raises: UnsafeAddress.
    """
    parts = _split(address)
    if parts.scheme not in {"http", "https"}:
        if "." not in parts.scheme:
            raise UnsafeAddress("a private scheme must be a reversed domain name")
        return f"{parts.scheme}:"
    host = parts.hostname or ""
    if ":" in host:
        return _loopback_scheme(parts.scheme, host)
    if not _HOST.fullmatch(host):
        raise UnsafeAddress("no usable host")
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


@lru_cache(maxsize=1024)
def web_address(address: str) -> str:
    """Return an address unchanged when it may be linked to: http or https, with a host.

    Raises: UnsafeAddress.
    """
    parts = _split(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnsafeAddress("only http and https addresses are linked")
    return address


def shown_host(address: str) -> str:
    """Return what a person compares with the address bar: host and port, or an app's scheme.

    Raises: UnsafeAddress.
    """
    source = policy_source(address)
    return source.partition("://")[2] or source.removesuffix(":")


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise UnsafeAddress("not an address") from error
    if not address.isascii() or re.search(r"[\x00-\x20\x7f\\]", address):
        raise UnsafeAddress("not an address")
    if not _SCHEME.fullmatch(parts.scheme) or parts.scheme in _RUNNABLE:
        raise UnsafeAddress("a scheme that is not linked")
    return parts


def _loopback_scheme(scheme: str, host: str) -> str:
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise UnsafeAddress("no usable host") from error
    if not loopback:
        raise UnsafeAddress("a literal IPv6 address has no policy source")
    return f"{scheme}:"
