"""Where one guess comes from, as the keys that it is counted under; they hold the clock hour, so none is ever reset."""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.lockout.keys import MacKey, text_of
from idp.lockout.places import hour_of, network_of, wider_network_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The keys of a guess's network, wider network, pair and name in the hour that began at `hour`.

    `device_digest` is SHA-256 of the browser's device cookie, None when it sent none.
    """

    hour: float
    address_key: str
    network_key: str
    pair_key: str
    name_key: str
    device_digest: bytes | None = field(default=None, repr=False)


def origin_of(key: MacKey, *, identifier: str, address: str, device_digest: bytes | None, now: float) -> Origin:
    """Describe where a guess at a canonical identifier comes from.

    An empty `address` is one that a proxy does not tell: then each typed name is a place of its own, since a single
    guesser could otherwise slow down everybody behind that proxy.
    """
    hour = hour_of(now)
    during = repr(hour).encode()
    place = network_of(address) if address else f"nowhere:{identifier}"
    wider = wider_network_of(address) if address else f"nowhere:{identifier}"
    pair = (during, place.encode(), device_digest or b"", identifier.encode())
    return Origin(
        hour=hour,
        address_key="place:" + text_of(key.tag(b"failures of an address", during, place.encode())),
        network_key="wider:" + text_of(key.tag(b"failures of a network", during, wider.encode())),
        pair_key="pair:" + text_of(key.tag(b"failures of a pair", *pair)),
        name_key="name:" + text_of(key.tag(b"failures of a name", during, identifier.encode())),
        device_digest=device_digest,
    )
