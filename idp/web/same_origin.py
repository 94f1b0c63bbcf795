"""A post that changes something must come from one of our own pages.

Invariant: what a browser says about where a form was sent from is believed when it speaks against us, and never
instead of the form token: old clients say nothing. Fetch Metadata (`Sec-Fetch-Site`), RFC 6454 7.3 (`Origin`).
"""

from typing import Protocol


class _Headers(Protocol):
    def get(self, key: str, /) -> str | None: ...


class CrossOrigin(Exception):
    """A post that another site made the browser send."""


def require_same_origin(headers: _Headers, *, origin: str) -> None:
    """Accept a post whose headers do not speak of another origin than `origin` (scheme, host, port: no slash).

    Raises: CrossOrigin.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        raise CrossOrigin(f"Sec-Fetch-Site: {site[:20]!r}")
    sent = headers.get("Origin")
    if sent is not None:
        if sent != origin:
            raise CrossOrigin(f"Origin: {sent[:200]!r}")
        return
    referer = headers.get("Referer")
    if referer is not None and not f"{referer}/".startswith(f"{origin}/"):
        raise CrossOrigin(f"Referer: {referer[:200]!r}")
