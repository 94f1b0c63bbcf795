"""The name of a browser and of what it runs on, for a mail or a list: chosen from a table, never copied.

What a browser says about itself is a stranger's text; in a mail of ours it could give orders to the reader.
"""

from __future__ import annotations

from typing import NamedTuple

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
LOOKED_AT = 512


class BrowserName(NamedTuple):
    """What a browser calls itself and its system; empty where the table has no name for it."""

    browser: str
    system: str


def browser_name(user_agent: str | None) -> BrowserName:
    """Read a User-Agent header."""
    said = (user_agent or "")[:LOOKED_AT]
    return BrowserName(_first(_BROWSERS, said), _first(_SYSTEMS, said))


def _first(names: tuple[tuple[str, str], ...], said: str) -> str:
    return next((name for sign, name in names if sign in said), "")
