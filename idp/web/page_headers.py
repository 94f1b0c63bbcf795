"""The headers of every page that a person sees.

Invariant: a page runs no inline script or style, is framed by nobody, is kept by no cache, and its forms lead only to
this issuer and to the app that the journey serves. Chromium applies `form-action` to the redirects after a form post,
so the origin of the journey's registered redirect URI must be named. CSP Level 3; OAuth 2.0 Security BCP 4.16.
"""

from collections.abc import Sequence
from typing import Final

from idp.web.origins import policy_source

_SWITCHED_OFF: Final = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb", "browsing-topics")

_FIXED: Final[tuple[tuple[str, str], ...]] = (
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in _SWITCHED_OFF)),
    # Forms post to ourselves, and the check of their origin needs the browser to say where they come from.
    ("Referrer-Policy", "same-origin"),
    ("Vary", "Cookie, Accept-Language"),
    ("X-Content-Type-Options", "nosniff"),
)


def page_headers(
    *,
    form_targets: Sequence[str] = (),
    images: Sequence[str] = (),
    frames: Sequence[str] = (),
    popup: bool = False,
    asks: bool = False,
) -> list[tuple[str, str]]:
    """Return a new list of headers.

    `form_targets` are addresses that a form on this page may end at, `images` addresses of logos on it, `frames` those
    of pages of others inside it. `popup` says that an app opened the page in a window of its own (`display=popup`) and
    waits for it to come back, `asks` that its own script may put questions to this issuer.
    Raises: UnsafeAddress.
    """
    return [
        *_FIXED,
        ("Content-Security-Policy", content_policy(form_targets=form_targets, images=images, frames=frames, asks=asks)),
        ("Cross-Origin-Opener-Policy", "unsafe-none" if popup else "same-origin"),
    ]


def content_policy(
    *,
    form_targets: Sequence[str] = (),
    images: Sequence[str] = (),
    frames: Sequence[str] = (),
    asks: bool = False,
) -> str:
    """Return the Content-Security-Policy.

    Raises: UnsafeAddress.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "base-uri 'none'",
            *(("connect-src 'self'",) if asks else ()),
            f"form-action {_sources(form_targets)}",
            "frame-ancestors 'none'",
            *((f"frame-src {_admitted(frames)}",) if frames else ()),
            f"img-src {_sources(images)}",
            "script-src 'self'",
            "style-src 'self'",
        )
    )


def _sources(addresses: Sequence[str]) -> str:
    return f"'self' {_admitted(addresses)}".rstrip()


def _admitted(addresses: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(policy_source(address) for address in addresses))
