"""The canonical form of what people type as a user ID or e-mail address.

One name has one key: case, surrounding space, a trailing dot, compatibility forms and invisible characters fold away
(Unicode's NFKC_Casefold, UAX #31 §5), so that no second spelling can be counted as a second person. The length is
checked before any folding, because folding long text is slow and can make it many times longer.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

MAX_CODE_POINTS = 254
"""The longest identifier, before and after folding: the longest e-mail address there is (RFC 5321 §4.5.3.1.3)."""

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
# Characters that are never shown and that Unicode lets every comparison drop (Default_Ignorable_Code_Point), besides
# those of the general category Cf: joiners, fillers and variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_EDGES = " ."


class InvalidIdentifier(ValueError):
    """What was typed can be nobody's name; the message says why and never repeats it."""


def canonical(typed: str) -> str:
    """Fold what was typed into the key under which accounts are found and guesses are counted.

    Raises:
        InvalidIdentifier: NUL or a lone surrogate in it, longer than 254 code points, or nothing left of it.
    """
    if len(typed) > MAX_CODE_POINTS:
        raise InvalidIdentifier("longer than 254 characters")
    if _UNUSABLE.search(typed):
        raise InvalidIdentifier("holds a character that no name can hold")
    key = _trimmed(_folded(typed))
    if not key:
        raise InvalidIdentifier("empty")
    if len(key) > MAX_CODE_POINTS:
        raise InvalidIdentifier("longer than 254 characters once folded")
    return key


def tombstone(key: str) -> str:
    """Give what stands in the place of a closed account's user ID, so that nobody is ever given that name again.

    Whoever was called so before could be taken for the new one: by the lender's feed, by people, by apps.
    """
    return f"closed {sha256(key.encode()).hexdigest()}"


def _folded(text: str) -> str:
    """Apply NFKC_Casefold; the second round is for what the first one's decompositions bring to light."""
    for _ in range(2):
        text = unicodedata.normalize("NFKC", _visible(text)).casefold()
    return unicodedata.normalize("NFKC", _visible(text))


def _visible(text: str) -> str:
    return "".join(char for char in _INVISIBLE.sub("", text) if unicodedata.category(char) != "Cf")


def _trimmed(text: str) -> str:
    """Cut space of every kind from both ends, and dots from the end."""
    shorter = text.strip()
    while shorter.endswith("."):
        shorter = shorter.rstrip(_EDGES).strip()
    return shorter
