"""Where a request comes from: the client's address and scheme, as trusted proxies tell them (RFC 7239).

Invariant: what is not told by a trusted peer is not believed, and of what it tells only the part up to the first hop
that is not trusted. X-Forwarded-* is never read. Where the header fails us the peer's address stands, and a flaw says
so: such an address stands for many people, and no budget may treat it as one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from socket import AF_INET, AF_INET6, inet_pton
from typing import Literal, NamedTuple

from idp.wire.forwarded import (
    MalformedForwarded,
    canonical_address,
    elements_from_right,
    read_element,
    read_node,
)

MAX_FORWARDED = 2 * 1024
MAX_HOPS = 16
Flaw = Literal["", "absent", "malformed", "hidden"]


class Origin(NamedTuple):
    """Where a request comes from."""

    address: str
    """Canonical; empty where the peer has none (a Unix socket)."""
    scheme: str
    proxied: bool
    """The peer is a trusted proxy."""
    flaw: Flaw


class TrustedProxies:
    """The peers whose Forwarded header is believed."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Take addresses and networks (CIDR), and the word `unix` for peers on a Unix socket.

        Raises:
            ValueError: an entry is none of these; the message names it.
        """
        self._unix = False
        self._networks: dict[int, list[tuple[int, int]]] = {4: [], 16: []}
        for entry in entries:
            if entry == "unix":
                self._unix = True
                continue
            try:
                network = ip_network(entry)
            except ValueError as error:
                raise ValueError(f"a trusted proxy is an address, a network or the word unix, not {entry!r}") from error
            self._networks[network.max_prefixlen // 8].append((int(network.network_address), int(network.netmask)))

    def __contains__(self, address: str) -> bool:
        """Say whether a canonical address is that of a trusted proxy."""
        if not address:
            return self._unix
        packed = inet_pton(AF_INET6 if ":" in address else AF_INET, address)
        number = int.from_bytes(packed)
        return any(number & mask == network for network, mask in self._networks[len(packed)])


def locate(peer: str, forwarded: str | None, scheme: str, *, trusted: TrustedProxies) -> Origin:
    """Tell the origin of a request from its peer's address, its Forwarded header and the scheme the server saw."""
    address = canonical_address(peer) or ""
    if address not in trusted or (peer and not address):
        return Origin(address, scheme, proxied=False, flaw="")
    direct = Origin(address, scheme, proxied=True, flaw="absent")
    if forwarded is None:
        return direct
    try:
        return _follow(direct, forwarded, trusted)
    except MalformedForwarded:
        return direct._replace(flaw="malformed")


def _follow(direct: Origin, forwarded: str, trusted: TrustedProxies) -> Origin:
    """Walk from the nearest hop to the first that no trusted proxy vouches for."""
    if len(forwarded) > MAX_FORWARDED:
        raise MalformedForwarded
    address, scheme, _, flaw = direct
    for hops, element in enumerate(elements_from_right(forwarded)):
        pairs = read_element(element)
        if "for" not in pairs or hops >= MAX_HOPS:
            raise MalformedForwarded
        scheme = _scheme(pairs.get("proto", scheme))
        node = read_node(pairs["for"])
        if node is None:
            return Origin(address, scheme, proxied=True, flaw="hidden")
        address, flaw = node, ""
        if node not in trusted:
            break
    return Origin(address, scheme, proxied=True, flaw=flaw)


def _scheme(text: str) -> str:
    scheme = text.lower()
    if scheme not in {"http", "https"}:
        raise MalformedForwarded
    return scheme
