"""The key-encryption key, and the homes of keys that it does not wrap: all that opens or makes private parts."""

from __future__ import annotations

from typing_extensions import override

from keys.kek import Kek
from keys.signers.homes import Homes


class Custody:
    """A key-encryption key that also knows other homes; implements `Kek`."""

    __slots__ = ("_kek", "homes", "kek_id")

    def __init__(self, kek: Kek, homes: Homes) -> None:
        self._kek = kek
        self.homes = homes
        self.kek_id = kek.kek_id

    @override
    def __repr__(self) -> str:
        return f"<Custody {self.kek_id}>"

    def holding(self, kek_id: str) -> Kek | None:
        """Give the key-encryption key that it is."""
        return self._kek.holding(kek_id)

    def wrap(self, dek: bytes, aad: bytes) -> bytes:
        """Wrap a data key."""
        return self._kek.wrap(dek, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap a data key."""
        return self._kek.unwrap(wrapped, aad)
