"""Whether an address is one that a client registered: the same string, or the same loopback address on another port.

A native app listens on whatever port it gets (RFC 8252 §7.3); that freedom is for public clients and IP literals only.
Post-logout addresses match by the same rule (RP-Initiated Logout 1.0 §3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from idp.clients.client import Client

_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(/[\x21-\x7e]*)?\Z")


def is_registered(uri: str, client: Client) -> bool:
    """Whether the client may be answered at this address."""
    return _matches(uri, client.redirect_uris, any_port=client.public)


def is_registered_for_logout(uri: str, client: Client) -> bool:
    """Whether the client may be returned to at this address after logout."""
    return _matches(uri, client.post_logout_redirect_uris, any_port=client.public)


def _matches(uri: str, registered: Iterable[str], *, any_port: bool) -> bool:
    if uri in registered:
        return True
    return any_port and _portless(uri) is not None and _portless(uri) in map(_portless, registered)


def _portless(uri: str) -> tuple[str, str] | None:
    match = _LOOPBACK.match(uri)
    return (match[1], match[2] or "") if match else None
