"""base64url without padding (RFC 7515 §2), read strictly: each octet string has exactly one accepted spelling.

Python's decoder skips foreign letters and ignores spare bits of the last one, so that one signature could be written in
many ways; encoding again and comparing closes all of that at once.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(octets: bytes) -> bytes:
    """Spell octets in base64url, unpadded."""
    return urlsafe_b64encode(octets).rstrip(b"=")


def decode(text: bytes) -> bytes:
    """Read base64url.

    Raises:
        ValueError: padding, letters of another alphabet, an impossible length, or non-zero spare bits.
    """
    octets = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if encode(octets) != text:
        raise ValueError("not canonical base64url")
    return octets
