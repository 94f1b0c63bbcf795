"""Whether the three ports of the demo are free, asked before anything starts; one sentence says which is not."""

from __future__ import annotations

import socket

from idp.cli.opened import Unusable

HOST = "127.0.0.1"
HIGHEST_PORT = 65_533
FIRST_FREE_TO_ALL = 1024


def require_free_ports(port: int) -> None:
    """Return if issuer and portals can listen.

    Raises:
        Unusable: one of the three ports is taken.
    """
    for number in range(port, port + 3):
        if fault := fault_of(number):
            other = port + 100 if FIRST_FREE_TO_ALL <= port <= HIGHEST_PORT - 100 else 8000
            raise Unusable(f"port {number} is {fault}; or move the demo: `idp demo --port {other}`, or IDP_DEMO_PORT.")


def fault_of(port: int) -> str | None:
    """Say why a port cannot be listened on, by either of localhost's addresses, and what would help; None if it can."""
    taken = "taken by another program: end that"
    with socket.socket(socket.AF_INET6) as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("::1", port)) == 0:
            return taken
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen()
        except PermissionError:
            return "for the system's own programs alone: run with more rights"
        except OSError:
            return taken
    return None


def free_port() -> int:
    """Give a port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])
