"""/.well-known/security.txt: where to report a weakness (RFC 9116).

`Expires` is half a year ahead of each answer: the address comes from the running service's settings, so it is as fresh
as the service itself.
"""

from __future__ import annotations

from datetime import UTC, datetime

VALID_SECONDS = 180 * 86_400.0


def security_txt(*, contact: str, issuer: str, now: float) -> bytes:
    """Give the file's content; `contact` is a URI (mailto:, https:) or an e-mail address."""
    address = contact if ":" in contact else f"mailto:{contact}"
    expires = datetime.fromtimestamp(now + VALID_SECONDS, tz=UTC).strftime("%Y-%m-%dT00:00:00Z")
    lines = (
        f"Contact: {address}",
        f"Expires: {expires}",
        "Preferred-Languages: en, de",
        f"Canonical: {issuer}/.well-known/security.txt",
    )
    return "".join(f"{line}\n" for line in lines).encode()
