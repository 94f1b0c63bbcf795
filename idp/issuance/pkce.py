"""Proof Key for Code Exchange, S256 only (RFC 7636 §4.6; plain is accepted nowhere, RFC 9700 §2.1.1)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def s256(verifier: str) -> str:
    """Give the code_challenge that belongs to a code_verifier."""
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
