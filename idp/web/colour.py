"""Colours of relying parties, checked before they touch a page.

Invariant: text that we put on an app's colour can be read: black or white, whichever contrasts more, reaches at least
4.58 on every colour (WCAG 2.2 SC 1.4.3 wants 4.5; relative luminance as defined there).
"""

import re
from functools import lru_cache
from typing import Final, Literal

Ink = Literal["#ffffff", "#000000"]
_INKS: Final[tuple[Ink, Ink]] = ("#ffffff", "#000000")
_LINEAR_BELOW: Final = 0.04045
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


class BadColour(ValueError):
    """Not a colour of the form #1a2b3c."""


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21.

    Raises: BadColour.
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=1024)
def ink_on(colour: str) -> Ink:
    """Return the colour in which text on this one is read best.

    Raises: BadColour.
    """
    return max(_INKS, key=lambda ink: contrast(colour, ink))


def _luminance(colour: str) -> float:
    if not _COLOUR.fullmatch(colour):
        raise BadColour(f"not a colour of the form #1a2b3c: {colour[:20]!r}")
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= _LINEAR_BELOW else float(((channel + 0.055) / 1.055) ** 2.4)
