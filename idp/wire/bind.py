"""An address to listen on, as HOST:PORT."""

from __future__ import annotations

import socket
from typing import NamedTuple

HIGHEST_PORT = 65_535


class Bind(NamedTuple):
    """A host (an IP address or a name) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def resolved(self) -> Bind:
        """Give the address with its host as a number, IPv4 if it has one.

        Raises:
            OSError: no host has that name.
        """
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        first = min(found, key=lambda one: one[0] != socket.AF_INET)
        return self._replace(host=str(first[4][0]))

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
