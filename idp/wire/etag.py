"""Entity tags and If-None-Match (RFC 9110 §8.8.3, §13.1.2).

Invariant: a field we cannot read counts as no match, so that the client gets the whole answer rather than a stale one.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256

MAX_FIELD = 4 * 1024
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(_TAG)
_LIST = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")


def make_etag(body: bytes) -> str:
    """Make a strong tag from the bytes it stands for."""
    return f'"{urlsafe_b64encode(sha256(body).digest()[:18]).decode()}"'


def none_match(field: str, etag: str) -> bool:
    """Say whether If-None-Match lets the answer stand: false means 304, compared weakly as §13.1.2 asks."""
    if field == etag or field.strip(" \t") == "*":
        return False
    if len(field) > MAX_FIELD or not _LIST.fullmatch(field):
        return True
    opaque = etag.removeprefix("W/")
    return all(tag.removeprefix("W/") != opaque for tag in _TAGS.findall(field))
