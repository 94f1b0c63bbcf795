"""A rotated refresh token's successor, readable only by whoever presents the rotated token again.

The old row keeps the successor sealed under HKDF-SHA-256 of the presented token: the database alone cannot read it,
and the token's own digest, by which the row is found, is no help (the two hashes are apart by the `info`). The key is
used for one message ever, so a fixed nonce is safe.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_INFO = b"idp refresh successor v1"
_NONCE = bytes(12)


class SuccessorSealBroken(Exception):
    """The sealed successor does not open with this token: the row was tampered with."""


def seal_successor(presented: str, successor: str) -> bytes:
    """Seal the successor so that only the presented token opens it."""
    return AESGCM(_key(presented)).encrypt(_NONCE, successor.encode("ascii"), None)


def open_successor(presented: str, sealed: bytes) -> str:
    """Open a sealed successor.

    Raises:
        SuccessorSealBroken: it was not sealed for this token.
    """
    try:
        return AESGCM(_key(presented)).decrypt(_NONCE, sealed, None).decode("ascii")
    except InvalidTag as error:
        raise SuccessorSealBroken from error


def _key(presented: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(presented.encode("utf-8", "surrogatepass"))
