"""One root, many keys: HKDF-SHA256 (RFC 5869) with the use as `info`. Roots are random, so no salt is needed."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(root: bytes, use: str) -> bytes:
    """Return the 32 octets for one use of a root."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"idp " + use.encode()).derive(root)
