"""Where guesses come from, and what the failures of one place are answered with.

A place is the network of an address (an IPv4 address, a /64 of IPv6: one household) and the wider network around it
(/24 and /48: one provider's customer). What counts is how many different (unknown browser, typed name) pairs failed in
this clock hour, not how often: an office whose people mistype and then sign in meets nothing, nor does one person who
goes on mistyping. Past the first limit guesses cost work, past the second none is checked for the rest of the hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from idp.lockout.policy import GuessKind

HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class PlaceLimits:
    """How many pairs may fail in one hour before guesses cost work, and before they are refused."""

    work: int
    refused: int


LIMITS: Final = {
    GuessKind.ADDRESS: PlaceLimits(work=100, refused=1000),
    GuessKind.NETWORK: PlaceLimits(work=1000, refused=10_000),
}


def hour_of(now: float) -> float:
    """Give the instant at which the clock hour of `now` began."""
    return now - now % HOUR


def network_of(address: str) -> str:
    """Give the network that a client address is counted as: itself, or the /64 of an IPv6 address.

    Whatever is no address (a local socket) is counted together.
    """
    return _network(address, 32, 64)


def wider_network_of(address: str) -> str:
    """Give the network around it: the /24 of an IPv4 address, the /48 of an IPv6 address."""
    return _network(address, 24, 48)


def _network(address: str, bits_4: int, bits_6: int) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "elsewhere"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if isinstance(parsed, IPv4Address):
        return str(parsed) if bits_4 == 32 else _around(parsed, bits_4)  # noqa: PLR2004
    return _around(parsed, bits_6)


def _around(address: IPv4Address | IPv6Address, bits: int) -> str:
    """Give the network of so many bits, as `ipaddress` writes one; its own parsing costs each sign-in 20 µs."""
    shift = address.max_prefixlen - bits
    return f"{type(address)(int(address) >> shift << shift)}/{bits}"
