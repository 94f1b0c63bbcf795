"""How many wrong guesses are allowed, by what, and for how long they count.

The person's budget is ten failures in half an hour, and from the tenth on the name rests for half an hour; the
network's is a hundred in an hour. Codes, and mails that strangers can cause, have budgets of their own. Addresses of
IPv6 are counted by their /64, which is what one household gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network


class GuessKind(StrEnum):
    """What guesses are counted by."""

    ADDRESS = "address"
    IDENTIFIER = "identifier"
    CODE = "code"
    MAIL = "mail"
    MAIL_OF_DAY = "mail of day"
    RECOVERY_ADDRESS = "recovery"
    FACTOR = "factor"
    SEND = "send"
    SEND_AGAIN = "send again"
    SEND_ADDRESS = "send address"


@dataclass(frozen=True, slots=True)
class Budget:
    """So many failures within so many seconds; the last one allowed starts a rest of the same length."""

    failures: int
    seconds: float


BUDGETS = {
    GuessKind.ADDRESS: Budget(failures=100, seconds=3600.0),
    GuessKind.IDENTIFIER: Budget(failures=10, seconds=1800.0),
    # One for all recoveries of an account, whoever began them; another mail does not refill it.
    GuessKind.CODE: Budget(failures=10, seconds=3600.0),
    # A mailbox is not flooded, whoever asks: one mail in two minutes, ten in a day.
    GuessKind.MAIL: Budget(failures=1, seconds=120.0),
    GuessKind.MAIL_OF_DAY: Budget(failures=10, seconds=86_400.0),
    GuessKind.RECOVERY_ADDRESS: Budget(failures=60, seconds=3600.0),
    # One for all journeys and kinds of code of an account; another text does not refill it.
    GuessKind.FACTOR: Budget(failures=10, seconds=3600.0),
    # Texts cost money and wake people: five in an hour, for an account and for a number alike, half a minute apart.
    GuessKind.SEND: Budget(failures=5, seconds=3600.0),
    GuessKind.SEND_AGAIN: Budget(failures=1, seconds=30.0),
    GuessKind.SEND_ADDRESS: Budget(failures=60, seconds=3600.0),
}


def network_of(address: str) -> str:
    """Give the network that a client address is counted as: itself, or the /64 of an IPv6 address.

    Whatever is no address (a local socket) is counted together.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "elsewhere"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))
