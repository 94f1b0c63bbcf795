"""What to keep of a typed user ID: itself when it is one, else a keyed hash (people type passwords there).

The hash lets an operator see that the same unknown name was tried again; without the key nobody can search it.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Protocol


class MacKey(Protocol):
    """A keyed hash; the service's own has the purpose "lookup"."""

    def tag(self, *parts: bytes) -> bytes:
        """Give 32 bytes that depend on the key and on every part."""


def typed_identifier_details(key: MacKey, *, identifier: str, resolved: bool) -> dict[str, str]:
    """Give the member of an event's details that tells which name was typed, in its canonical form."""
    if resolved:
        return {"user_id": identifier}
    tag = key.tag(b"typed identifier", identifier.encode())
    return {"user_id_tag": urlsafe_b64encode(tag).rstrip(b"=").decode()}
