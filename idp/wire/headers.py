"""The headers that every answer carries, and what CORS lets scripts of other origins read (Fetch standard §3.2).

Invariant: CORS never comes with credentials: a cookie opens nothing to a script, which must hold a token or ask for a
public document.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from idp.wire.messages import Header

Cors = Literal["none", "any", "token"]
"""Who may read the answer from a script: nobody; anybody (public documents); anybody who presents a token or a form."""

PREFLIGHT_SECONDS = 7200
# Two years, as browsers' preload lists ask (OWASP ASVS 3.4.1 asks for one).
_TRANSPORT = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")


def common_headers(*, https: bool, cors: Cors = "none") -> list[Header]:
    """Give the headers of every answer; https says whether the issuer is served over TLS."""
    headers = [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin" if cors == "none" else "cross-origin"),
    ]
    if https:
        headers.append(_TRANSPORT)
    if cors != "none":
        headers.append(("Access-Control-Allow-Origin", "*"))
    if cors == "token":
        headers.append(("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce"))
    return headers


def preflight_headers(cors: Cors, methods: Iterable[str]) -> list[Header]:
    """Give what OPTIONS tells: the methods, and to scripts what they may send."""
    allow = ", ".join(methods)
    if cors == "none":
        return [("Allow", allow)]
    headers = [
        ("Allow", allow),
        ("Access-Control-Allow-Methods", allow),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
    ]
    if cors == "token":
        headers.append(("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP"))
    return headers


def with_missing(headers: Iterable[Header], common: Iterable[Header]) -> list[Header]:
    """Add the common headers that are missing, and take out whatever names the server's software."""
    kept = [(name, value) for name, value in headers if name.lower() != "server"]
    present = {name.lower() for name, _ in kept}
    return kept + [(name, value) for name, value in common if name.lower() not in present]
