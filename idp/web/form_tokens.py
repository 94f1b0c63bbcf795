"""Tokens in forms: proof that a post comes from a page which this issuer gave to this very browser.

Invariant: a token holds for one page and one binding (the journey's or session's handle, known to that browser alone)
until it expires; it carries no secret. Flask-WTF is not used: it wants a Flask session and, on https, a Referer.
"""

import base64
import hmac
import re
from dataclasses import dataclass
from typing import Final, Protocol

_TOKEN: Final = re.compile(r"([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})", re.ASCII)


class Mac(Protocol):
    """A keyed message authentication code (`keys.secrets.MacKey` is one)."""

    def tag(self, *parts: bytes) -> bytes:
        """Return the code over the parts, each with its length: 32 bytes."""
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
        return f"{expires}.{self._tag(page, binding, expires)}"

    def check(self, token: str | None, *, page: str, binding: str, now: float) -> None:
        """Accept the token that `issue` made for the same page and binding.

        Raises: BadFormToken.
        """
        match = _TOKEN.fullmatch(token or "")
        if match is None:
            raise BadFormToken("missing or malformed")
        expires, tag = match.groups()
        if not hmac.compare_digest(self._tag(page, binding, expires), tag):
            raise BadFormToken("made for another page or browser")
        if now >= int(expires):
            raise BadFormToken("expired")

    def _tag(self, page: str, binding: str, expires: str) -> str:
        tag = self.mac_key.tag(b"form", page.encode(), binding.encode(), expires.encode())
        return base64.urlsafe_b64encode(tag).rstrip(b"=").decode()
