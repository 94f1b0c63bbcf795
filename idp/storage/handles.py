"""Random handles, their digests, and the two arguments every chapter gets from outside: a clock and randomness.

Invariant: a handle that proves something carries 256 bits and is stored only as its SHA-256 digest, so that a copy
of the database opens nothing (RFC 6749 section 10.10; OWASP ASVS 7.2.3).
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256

Clock = Callable[[], float]
"""Tells the time: seconds since the epoch, UTC."""

Entropy = Callable[[int], bytes]
"""Gives that many unpredictable bytes; in production `secrets.token_bytes`."""


def new_handle(entropy: Entropy) -> str:
    """Make a secret handle: 43 base64url characters of 32 random bytes."""
    return _unpadded(entropy(32))


def new_id(entropy: Entropy) -> str:
    """Make the id of a row that nobody presents as a secret: 22 base64url characters of 16 random bytes."""
    return _unpadded(entropy(16))


def digest(handle: str) -> bytes:
    """Return the 32 bytes under which a handle is stored: SHA-256 of its UTF-8.

    A presented handle is whatever a stranger sent, so that lone surrogates digest to something instead of raising.
    """
    return sha256(handle.encode("utf-8", "surrogatepass")).digest()


def _unpadded(random: bytes) -> str:
    return urlsafe_b64encode(random).rstrip(b"=").decode("ascii")
