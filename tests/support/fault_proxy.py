"""A TCP proxy that misbehaves on request: it delays, stays silent, or resets, between a service and its server."""

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER value by which close() sends a reset instead of a goodbye."""


class FaultProxy:
    """Passes bytes on, both ways. Faults can be set while connections are open, and hold for those too."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.port: int = self._listener.getsockname()[1]
        self.delay = 0.0
        """Seconds that every piece of an answer comes late."""
        self.silent = False
        """Whether nothing at all is passed on: connections are accepted and stay half open."""
        self.connections = 0
        """How many have been accepted."""
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        """Break every connection that is open now."""
        for one in list(self._open):
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop listening and break what is open."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(self._target, timeout=5) as server:
            self._open |= {client, server}
            try:
                while self._pass_on(client, server):
                    pass
            finally:
                self._open -= {client, server}

    def _pass_on(self, client: socket.socket, server: socket.socket) -> bool:
        readable, _, _ = select.select([client, server], [], [], 0.05)
        if self.silent:
            time.sleep(0.02)
            return True
        for source in readable:
            data = source.recv(65_536)
            if not data:
                return False
            if source is server and self.delay:
                time.sleep(self.delay)
            (server if source is client else client).sendall(data)
        return True


@contextmanager
def fault_proxy(target_port: int) -> Iterator[FaultProxy]:
    """Run a proxy in front of a local port."""
    proxy = FaultProxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()
