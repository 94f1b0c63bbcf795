"""The one form in which a password is hashed, so that any keyboard and any system types the same one.

NFKC before hashing (NIST SP 800-63B-4 §3.1.1.2), nothing trimmed, folded or cut. The length is checked before: NFKC of
100,000 combining marks takes seconds.
"""

from __future__ import annotations

import re
import unicodedata

MAX_CODE_POINTS = 256
"""The longest password; in UTF-8 that is 1024 bytes at most."""

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


class UnusablePassword(ValueError):
    """What was typed can be nobody's password; the message says why and never repeats it."""


def normalise(password: str) -> bytes:
    """Give the bytes to hash.

    Raises:
        UnusablePassword: empty, longer than 256 code points, or NUL or a lone surrogate in it.
    """
    if not password:
        raise UnusablePassword("empty")
    if len(password) > MAX_CODE_POINTS:
        raise UnusablePassword(f"longer than {MAX_CODE_POINTS} characters")
    if _UNUSABLE.search(password):
        raise UnusablePassword("holds a character that no password can hold")
    return unicodedata.normalize("NFKC", password).encode()
