"""An address to listen on, as HOST:PORT."""

from __future__ import annotations

from typing import NamedTuple

HIGHEST_PORT = 65_535


class Bind(NamedTuple):
    """A host (an IP address or a name) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Bind:
        """Read HOST:PORT; an IPv6 address stands in brackets.

        Raises:
            ValueError: it is something else.
        """
        host, colon, port = text.rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        if not (colon and bare and port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT):
            raise ValueError(f"{text!r} is not HOST:PORT")
        if ":" in bare and bare == host:
            raise ValueError(f"an IPv6 address stands in brackets: [{bare}]:{port}")
        return cls(bare, int(port))
