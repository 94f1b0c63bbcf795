"""What second factors ask of keys: to seal what must be read back, and to tag what must only be recognised."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    """Seals octets; they open only with the same context."""

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Seal octets in a context."""
        ...

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Open what was sealed in this context; raises what the sealer raises."""
        ...


class MacKey(Protocol):
    """A keyed hash."""

    def tag(self, *parts: bytes) -> bytes:
        """Give 32 bytes that depend on the key and on every part."""
        ...
