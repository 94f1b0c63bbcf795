"""Tokens in forms: proof that a post comes from a page which this issuer gave to this very browser.

Invariant: a token holds for one page and one binding (the journey's or session's handle, known to that browser alone)
until it expires; it carries no secret. Flask-WTF is not used: it wants a Flask session and, on https, a Referer.
"""

import base64
import re
from dataclasses import dataclass
from typing import Final, Protocol

_TOKEN: Final = re.compile(r"([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})", re.ASCII)


class Mac(Protocol):
    """A keyed message authentication code (`keys.MacKey` is one, which this layer may not import)."""

    def tag(self, *parts: bytes) -> bytes:
        """Return the code over the parts, each with its length: 32 bytes."""
        ...

    def check(self, tag: bytes, /, *parts: bytes) -> None:
        """Raise unless this key, or an older version of it, made the tag."""
        ...


class BadFormToken(Exception):
    """A form without a token of its own page and browser, or with one that has expired."""


@dataclass(frozen=True, slots=True)
class FormTokens:
    """Issues and checks form tokens; `lifetime` in seconds."""

    mac_key: Mac
    lifetime: float

    def issue(self, *, page: str, binding: str, now: float) -> str:
        """Return a token for one page, bound to what only this browser holds."""
        expires = str(int(now + self.lifetime))
        tag = base64.urlsafe_b64encode(self.mac_key.tag(*_parts(page, binding, expires)))
        return f"{expires}.{tag.rstrip(b'=').decode()}"

    def check(self, token: str | None, *, page: str, binding: str, now: float) -> None:
        """Accept the token that `issue` made for the same page and binding.

        Raises: BadFormToken.
        """
        match = _TOKEN.fullmatch(token or "")
        if match is None:
            raise BadFormToken("missing or malformed")
        expires, tag = match.groups()
        try:
            self.mac_key.check(base64.urlsafe_b64decode(f"{tag}="), *_parts(page, binding, expires))
        except Exception as error:
            raise BadFormToken("made for another page or browser") from error
        if now >= int(expires):
            raise BadFormToken("expired")


def _parts(page: str, binding: str, expires: str) -> tuple[bytes, ...]:
    return b"form", page.encode(), binding.encode(), expires.encode()
