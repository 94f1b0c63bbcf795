"""Which hosts this service answers to (RFC 9110 §7.2, §7.4).

Invariant: whoever asks "what is my host" hears a configured one, never what a client sent: links in mails and redirects
cannot be bent by a Host header. A server may join two Host headers by a comma, so that a comma is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from idp.wire.errors import MalformedRequest

_DEFAULT_PORT = {"http": ":80", "https": ":443"}
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._:[]")


def known_hosts(issuer: str, extra: Iterable[str] = ()) -> dict[str, str]:
    """Map each accepted spelling of a host to the configured one; the issuer's comes first.

    Args:
        issuer: the issuer's URL.
        extra: further `host` or `host:port` the service is reached under, inside a cluster for instance.

    Raises:
        ValueError: the issuer is no http(s) URL, or a host is malformed.
    """
    url = urlsplit(issuer)
    if url.scheme not in _DEFAULT_PORT or not url.netloc:
        raise ValueError(f"the issuer is an http or https URL, not {issuer!r}")
    port = _DEFAULT_PORT[url.scheme]
    known: dict[str, str] = {}
    for given in (url.netloc, *extra):
        host = given.lower().removesuffix(port)
        if not host or not _HOST_CHARACTERS.issuperset(host):
            raise ValueError(f"a host is host or host:port, not {given!r}")
        known[host] = host
        if ":" not in host.rpartition("]")[2]:
            known[host + port] = host
    return known


def check_host(host: str, known: Mapping[str, str]) -> str:
    """Give the configured host that this one means.

    Raises:
        MalformedRequest: 400 if it is no host or more than one, 421 if it is not ours.
    """
    lowered = host.lower()
    if not lowered or not _HOST_CHARACTERS.issuperset(lowered):
        raise MalformedRequest("The Host header must name one host.")
    if lowered not in known:
        raise MalformedRequest("This host is not served here.", status=421)
    return known[lowered]
