"""Vehicle identification numbers (ISO 3779): how they are written, and what can't be one.

The ninth character is a check digit only where the law says so: in numbers of North American makers (49 CFR 565.15),
whose first character is 1 to 5.
"""

from __future__ import annotations

import re
import unicodedata

_SHAPE = re.compile(r"[A-HJ-NPR-Z0-9]{17}\Z")
_SPACING = re.compile(r"[\s\-]")
_CHECKED_BY_LAW = "12345"
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_LETTERS = ("", "AJ", "BKS", "CLT", "DMU", "ENV", "FW", "GPX", "HY", "RZ")
_VALUES = {letter: value for value, letters in enumerate(_LETTERS) for letter in letters}
MAX_TYPED = 64


class VinRefused(ValueError):
    """This is no vehicle identification number; the message says why."""


def canonical_vin(typed: str) -> str:
    """Give the seventeen characters of a number as it was typed or printed: small letters, spaces, wide forms.

    Raises:
        VinRefused: they are not seventeen, hold I, O or Q, or the check digit is wrong where one is due.
    """
    if len(typed) > MAX_TYPED:
        raise VinRefused("a VIN has 17 characters")
    vin = _SPACING.sub("", unicodedata.normalize("NFKC", typed)).upper()
    if not _SHAPE.match(vin):
        raise VinRefused("a VIN has 17 letters and digits, without I, O and Q (ISO 3779)")
    if vin[0] in _CHECKED_BY_LAW and _check_digit(vin) != vin[8]:
        raise VinRefused("the check digit of this VIN is wrong: a character was mistaken")
    return vin


def _check_digit(vin: str) -> str:
    total = sum(weight * _value(char) for weight, char in zip(_WEIGHTS, vin, strict=True))
    return "0123456789X"[total % 11]


def _value(char: str) -> int:
    return int(char) if char.isdecimal() else _VALUES[char]
